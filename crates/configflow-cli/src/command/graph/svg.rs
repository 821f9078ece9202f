//! The graph as SVG, laid out by `layout-rs`.
//!
//! The layout draws a way from a step to itself very wide, so errors that show the same form again are lines in its box.

use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;
use std::collections::HashMap;

use super::model::{Graph, Node, Shape};

/// The width of a letter and the height of a line.
const LETTER: f64 = 9.0;
const LINE: f64 = 22.0;

pub(super) fn paint(graph: &Graph) -> String {
    let mut picture = VisualGraph::new(Orientation::TopToBottom);
    let mut handles = HashMap::new();
    for node in &graph.nodes {
        let again = graph.edges.iter().filter(|edge| edge.from == node.id && edge.to == node.id).map(|edge| edge.label.as_str());
        handles.insert(node.id.as_str(), picture.add_node(element(node, &again.collect::<Vec<_>>())));
    }
    for edge in graph.edges.iter().filter(|edge| edge.from != edge.to) {
        let (Some(from), Some(to)) = (handles.get(edge.from.as_str()), handles.get(edge.to.as_str())) else { continue };
        let style = if edge.error { LineStyleKind::Dashed } else { LineStyleKind::Normal };
        let look = StyleAttr::simple();
        let arrow =
            Arrow::new(LineEndKind::None, LineEndKind::Arrow, style, &escaped(&wrapped(&edge.label, 30)), &look, &None, &None);
        picture.add_edge(arrow, *from, *to);
    }
    let mut writer = SVGWriter::new();
    picture.do_it(false, false, false, &mut writer);
    let bottom = handles.values().map(|node| picture.pos(*node).bottom(true)).fold(0.0, f64::max);
    with_height(&writer.finalize(), bottom + 20.0)
}

/// The picture with the height that its nodes take: the writer counts the letters of a text as its height.
fn with_height(svg: &str, height: f64) -> String {
    let Some((before, rest)) = svg.split_once("height=\"") else { return svg.to_owned() };
    let Some((_, rest)) = rest.split_once("\" viewBox=\"0 0 ") else { return svg.to_owned() };
    let Some((width, rest)) = rest.split_once(' ') else { return svg.to_owned() };
    let Some((_, rest)) = rest.split_once('"') else { return svg.to_owned() };
    format!("{before}height=\"{height:.0}\" viewBox=\"0 0 {width} {height:.0}\"{rest}")
}

fn element(node: &Node, again: &[&str]) -> Element {
    let mut text = wrapped(&node.label, 48);
    for error in again {
        text.push_str(&format!("\n! {}", wrapped(error, 48)));
    }
    let label = escaped(&text);
    let colour = match node.shape {
        Shape::Start | Shape::End => "white",
        Shape::Form => "aliceblue",
        Shape::Menu => "lightyellow",
        Shape::External | Shape::Progress => "honeydew",
        Shape::Through => "whitesmoke",
    };
    let shape = match node.shape {
        Shape::Start | Shape::End => ShapeKind::new_circle(&label),
        _ => ShapeKind::new_box(&label),
    };
    let look =
        StyleAttr::new(Color::fast("black"), 1, Some(Color::fast(colour)), if node.shape == Shape::Through { 12 } else { 0 }, 15);
    let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(1);
    let lines = text.lines().count().max(1);
    #[expect(clippy::cast_precision_loss, reason = "lengths of labels")]
    let size = Point::new((longest as f64).mul_add(LETTER, 24.0), (lines as f64).mul_add(LINE, 16.0));
    Element::create(shape, look, Orientation::TopToBottom, size)
}

/// Long lines broken at spaces.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.is_empty() && current.chars().count() + word.chars().count() >= width {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join("\n")
}

/// What XML would take for markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
