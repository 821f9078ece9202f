//! Routes of names and numbers become places in a text.

use configflow_oauth::catalogue::Step;
use configflow_yaml::{Node, NodeValue, Span};

/// The place of what a route leads to; where it is not written, of the nearest thing around it.
pub(super) fn of_route(root: &Node, route: &[Step]) -> Span {
    let (mut node, mut place) = (root, of_map(root));
    for step in route {
        let found = match step {
            Step::Key(name) => node.entries().iter().find(|(key, _)| key.as_str() == Some(name)),
            Step::Index(index) => match &node.value {
                NodeValue::List(items) => match items.get(*index) {
                    Some(item) => {
                        (node, place) = (item, of_map(item));
                        continue;
                    }
                    None => None,
                },
                _ => None,
            },
        };
        let Some((key, value)) = found else { break };
        // What is said of a map or a list is said of its name; what is said of a value, of the value.
        let is_part = matches!(value.value, NodeValue::Map(_) | NodeValue::List(_) | NodeValue::Null);
        place = if is_part { key.span } else { value.span };
        node = value;
    }
    place
}

/// The place of a thing: of a map, its first key.
pub(super) fn of_map(node: &Node) -> Span {
    node.entries().first().map_or(node.span, |(key, _)| key.span)
}
