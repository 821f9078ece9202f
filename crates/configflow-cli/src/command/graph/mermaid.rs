//! The graph as Mermaid text (`flowchart`).

use super::model::{Graph, Shape};

pub(super) fn paint(graph: &Graph) -> String {
    let mut text = String::from("flowchart TD\n");
    for node in &graph.nodes {
        let label = quoted(&node.label);
        let (open, close) = match node.shape {
            Shape::Start => ("([", "])"),
            Shape::Form => ("[", "]"),
            Shape::Menu => ("{", "}"),
            Shape::External => ("[[", "]]"),
            Shape::Progress => ("[/", "/]"),
            Shape::Through => ("(", ")"),
            Shape::End => ("(((", ")))"),
        };
        text.push_str(&format!("    {}{open}{label}{close}\n", node.id));
    }
    for edge in &graph.edges {
        let arrow = if edge.error { "-.->" } else { "-->" };
        let label = if edge.label.is_empty() { String::new() } else { format!("|{}|", quoted(&edge.label)) };
        text.push_str(&format!("    {} {arrow}{label} {}\n", edge.from, edge.to));
    }
    text.pop();
    text
}

/// A label in quotes: what means something to Mermaid or HTML becomes an entity.
fn quoted(label: &str) -> String {
    let mut text = String::from("\"");
    for c in label.chars() {
        match c {
            '"' => text.push_str("#quot;"),
            '<' => text.push_str("#lt;"),
            '>' => text.push_str("#gt;"),
            '&' => text.push_str("#amp;"),
            '#' => text.push_str("#35;"),
            // `%%{` begins a directive even inside quotes, and a backtick Markdown.
            '%' => text.push_str("#37;"),
            '`' => text.push_str("#96;"),
            '\n' => text.push_str("<br/>"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
