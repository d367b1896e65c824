//! What people decided about suspicious values, and when.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Ledger, to_micros};
use crate::Result;
use crate::gate::{Decisions, Matter, Ruling};

impl Ledger {
    /// Writes down what was decided of these values: all of it or, after a crash, nothing. `None` takes a decision back.
    pub async fn decide(&self, matters: Vec<Matter>, ruling: Option<Ruling>, at: DateTime<Utc>) -> Result<()> {
        self.call(move |connection| {
            let step = connection.transaction()?;
            {
                let mut write = step.prepare_cached(
                    "INSERT INTO decisions (model, rule, field, value, ruling, decided_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                for Matter { model, rule, field, value } in &matters {
                    write.execute(params![model, rule, field, value, ruling.map(word), to_micros(at)])?;
                }
            }
            step.commit()?;
            Ok(())
        })
        .await
    }

    /// All decisions that hold: of each value the last one, unless it was taken back.
    pub async fn decisions(&self) -> Result<Decisions> {
        self.call(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT model, rule, field, value, ruling FROM decisions AS one WHERE id = (
                    SELECT max(id) FROM decisions AS other WHERE other.model = one.model AND other.rule = one.rule
                        AND other.field = one.field AND other.value = one.value)",
            )?;
            let mut rows = query.query([])?;
            let mut all = HashMap::new();
            while let Some(row) = rows.next()? {
                let ruling = match row.get::<_, Option<String>>(4)?.as_deref() {
                    Some("approved") => Ruling::Approved,
                    Some("rejected") => Ruling::Rejected,
                    _ => continue,
                };
                let matter = Matter { model: row.get(0)?, rule: row.get(1)?, field: row.get(2)?, value: row.get(3)? };
                all.insert(matter, ruling);
            }
            Ok(all)
        })
        .await
    }
}

fn word(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Approved => "approved",
        Ruling::Rejected => "rejected",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, ledger};
    use super::*;

    #[tokio::test]
    async fn the_last_decision_holds_and_can_be_taken_back() {
        let (_dir, ledger) = ledger().await;
        let matter = |value: &str| Matter {
            model: "gpt".into(),
            rule: "jump".into(),
            field: "input_cost_per_token".into(),
            value: value.into(),
        };
        let decide = async |value: &str, ruling| {
            ledger.decide(vec![matter(value)], ruling, at("2026-01-01T00:00:00Z")).await.unwrap();
        };
        decide("1", Some(Ruling::Approved)).await;
        decide("2", Some(Ruling::Approved)).await;
        decide("2", Some(Ruling::Rejected)).await;
        decide("3", Some(Ruling::Rejected)).await;
        decide("3", None).await;
        let known = ledger.decisions().await.unwrap();
        assert_eq!(known, [(matter("1"), Ruling::Approved), (matter("2"), Ruling::Rejected)].into());
    }
}
