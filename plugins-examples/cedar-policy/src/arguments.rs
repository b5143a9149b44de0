//! Arguments as Cedar values.

use cedar_policy::{Context, RestrictedExpression};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The greatest number up to which each integer has a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a JSON object. `null` counts as absent. Duplicate members are refused, because the upstream may read the other
/// one, and so are numbers that Cedar does not have.
pub fn parse(json: &str) -> Result<Context, String> {
    let Members(members) = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Context::from_pairs(members).map_err(|error| error.to_string())
}

/// Reads any JSON value. An object with `__entity` or `__extn` is a record like others, so nothing can be forged.
pub fn value(json: &str) -> Result<Option<RestrictedExpression>, String> {
    let Value(value) = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Ok(value)
}

struct Members(Vec<(String, RestrictedExpression)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Members, A::Error> {
                members(map).map(Members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

struct Value(Option<RestrictedExpression>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Value)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Option<RestrictedExpression>;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(RestrictedExpression::new_bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(RestrictedExpression::new_long(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        let value = i64::try_from(value).map_err(|_| E::custom(format!("{value} is too large for Cedar")))?;
        self.visit_i64(value)
    }

    /// A whole number is a long, any other a decimal, which has at most four digits after the point.
    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        if value.fract() == 0.0 && value.abs() < EXACT {
            return self.visit_i64(value as i64);
        }
        let text = value.to_string();
        let digits = text.split_once('.').map(|(_, after)| after.len());
        if value.abs() > 900_000_000_000_000.0 || digits.is_none_or(|digits| digits > 4) {
            return Err(E::custom(format!("Cedar has no number {value}")));
        }
        Ok(Some(RestrictedExpression::new_decimal(text)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(RestrictedExpression::new_string(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Value(value)) = entries.next_element()? {
            values.extend(value);
        }
        Ok(Some(RestrictedExpression::new_set(values)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        RestrictedExpression::new_record(members(map)?).map(Some).map_err(A::Error::custom)
    }
}

fn members<'de, A: MapAccess<'de>>(mut map: A) -> Result<Vec<(String, RestrictedExpression)>, A::Error> {
    let mut members: Vec<(String, RestrictedExpression)> = Vec::new();
    let mut names = std::collections::HashSet::new();
    while let Some((name, Value(value))) = map.next_entry::<String, Value>()? {
        if !names.insert(name.clone()) {
            return Err(A::Error::custom(format!("duplicate argument: {name}")));
        }
        members.extend(value.map(|value| (name, value)));
    }
    Ok(members)
}
