//! What kind of integration a definition is of; clients list each kind in a place of its own.

/// The kinds that Home Assistant's manifests know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntegrationType {
    /// One device.
    Device,
    /// A building block of other integrations.
    Entity,
    /// A board or stick of the hub itself.
    Hardware,
    /// Something made of what is there already.
    Helper,
    /// Many devices or services behind one account.
    #[default]
    Hub,
    /// One service.
    Service,
    /// A part of the hub.
    System,
    /// Another name for an integration.
    Virtual,
}

impl IntegrationType {
    /// Every kind.
    pub const ALL: [Self; 8] =
        [Self::Device, Self::Entity, Self::Hardware, Self::Helper, Self::Hub, Self::Service, Self::System, Self::Virtual];

    /// Its name in files and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Entity => "entity",
            Self::Hardware => "hardware",
            Self::Helper => "helper",
            Self::Hub => "hub",
            Self::Service => "service",
            Self::System => "system",
            Self::Virtual => "virtual",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
