//! The keys of a field.

/// Every key that some field can have.
pub(super) const FIELD: [&str; 25] = [
    "type", "selector", "required", "default", "suggested", "secret", "transient", "advanced", "strip", "lower", "upper", "min", "max",
    "above", "below", "clamp", "length", "match", "url", "email", "nullable", "options", "section", "fields", "about",
];

/// The types, in the order of the documentation.
pub(super) const TYPES: [&str; 17] = [
    "string", "integer", "float", "boolean", "select", "multi_select", "positive_integer", "positive_float", "small_float", "port", "byte",
    "strict_string", "strict_boolean", "coerced_integer", "coerced_float", "text", "number",
];
