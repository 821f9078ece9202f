//! What names are bound to: answers, `set`, results of actions.
//!
//! A form's answers are one layer, shared as they were checked and never copied; what `set` and actions bind between two forms
//! is another. The later layer hides the earlier.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Map, Name, Value};

/// Every name that a flow has bound so far.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Bindings(Arc<Vec<Layer>>);

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Layer {
    Bound(Arc<Map>),
    Answered(Answers),
}

/// What a step was answered.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Answers {
    pub(crate) step: Name,
    /// Under `each`: which repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) repetition: Option<usize>,
    /// The fields that were shown: they are bound, to none where they were not answered. Other keys are answers, not names.
    pub(crate) asked: Arc<[Name]>,
    pub(crate) values: Arc<Map>,
}

impl Bindings {
    /// What a name is bound to.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find_map(|layer| match layer {
            Layer::Bound(map) => map.get(name),
            Layer::Answered(answers) if answers.asked.iter().any(|asked| &**asked == name) => {
                Some(answers.values.get(name).unwrap_or(&Value::Null))
            }
            Layer::Answered(_) => None,
        })
    }

    /// Binds names.
    pub(crate) fn bind(&mut self, values: impl IntoIterator<Item = (String, Value)>) {
        let layers = Arc::make_mut(&mut self.0);
        match layers.last_mut() {
            Some(Layer::Bound(map)) => Arc::make_mut(map).extend(values),
            _ => layers.push(Layer::Bound(Arc::new(values.into_iter().collect()))),
        }
    }

    /// Takes the answers of a step. What it was answered before is forgotten, apart from the repetitions before this one.
    pub(crate) fn answer(&mut self, answers: Answers) {
        let stays = |earlier: &Answers| {
            earlier.step != answers.step || earlier.repetition.is_some_and(|at| answers.repetition.is_some_and(|now| at < now))
        };
        let layers = Arc::make_mut(&mut self.0);
        layers.retain(|layer| match layer {
            Layer::Bound(_) => true,
            Layer::Answered(earlier) => stays(earlier),
        });
        layers.push(Layer::Answered(answers));
    }

    /// Every name with what it is bound to now.
    pub(crate) fn all(&self) -> HashMap<&str, &Value> {
        let mut all = HashMap::new();
        for layer in self.0.iter() {
            match layer {
                Layer::Bound(map) => all.extend(map.iter().map(|(name, value)| (name.as_str(), value))),
                Layer::Answered(answers) => {
                    let value = |name: &Name| answers.values.get(&**name).unwrap_or(&Value::Null);
                    all.extend(answers.asked.iter().map(|name| (&**name, value(name))));
                }
            }
        }
        all
    }

    /// What steps were answered, in order.
    pub(crate) fn answered(&self) -> impl DoubleEndedIterator<Item = &Answers> {
        self.0.iter().filter_map(|layer| match layer {
            Layer::Answered(answers) => Some(answers),
            Layer::Bound(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answers(step: &str, repetition: Option<usize>, asked: &[&str], values: Value) -> Answers {
        let values = Arc::new(values.as_object().cloned().unwrap_or_default());
        Answers { step: step.into(), repetition, asked: asked.iter().map(|name| Name::from(*name)).collect(), values }
    }

    #[test]
    fn the_later_hides_the_earlier() {
        let mut bindings = Bindings::default();
        bindings.bind([("host".to_owned(), json!("set"))]);
        bindings.answer(answers("user", None, &["host", "port"], json!({"host": "answered"})));
        assert_eq!(bindings.get("host"), Some(&json!("answered")));
        assert_eq!(bindings.get("port"), Some(&Value::Null));
        bindings.bind([("port".to_owned(), json!(1))]);
        assert_eq!(bindings.get("port"), Some(&json!(1)));
        assert_eq!(bindings.get("other"), None);
        assert_eq!(bindings.all(), HashMap::from([("host", &json!("answered")), ("port", &json!(1))]));
    }

    #[test]
    fn a_key_that_was_not_asked_for_is_no_name() {
        let mut bindings = Bindings::default();
        bindings.answer(answers("user", None, &[], json!({"entry": "mine"})));
        assert_eq!(bindings.get("entry"), None);
        assert_eq!(bindings.answered().count(), 1);
    }

    #[test]
    fn an_answer_replaces_what_the_step_was_answered_before() {
        let mut bindings = Bindings::default();
        bindings.answer(answers("user", None, &["host"], json!({"host": "a"})));
        bindings.answer(answers("each", Some(0), &["name"], json!({"name": "x"})));
        bindings.answer(answers("each", Some(1), &["name"], json!({"name": "y"})));
        bindings.answer(answers("user", None, &["host"], json!({"host": "b"})));
        bindings.answer(answers("each", Some(1), &["name"], json!({"name": "z"})));
        let left: Vec<&Value> = bindings.answered().flat_map(|answers| answers.values.values()).collect();
        assert_eq!(left, ["x", "b", "z"]);
    }
}
