//! What a monitoring system reads: requests, cycles, their durations, and how much waits. Numbers only, never content.

use metrics::{counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use std::sync::Arc;
use std::time::Duration;

/// The numbers of one server. A clone counts into the same.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
}

/// Upper bounds of the durations' buckets, in seconds.
const BUCKETS: [f64; 12] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0];

impl Default for Metrics {
    fn default() -> Metrics {
        let recorder =
            PrometheusBuilder::new().set_buckets(&BUCKETS).expect("the buckets are not empty").build_recorder();
        let handle = recorder.handle();
        Metrics { recorder: Arc::new(recorder), handle }
    }
}

impl Metrics {
    /// A request was answered.
    pub fn request(&self, route: &'static str, method: &'static str, status: u16, seconds: f64) {
        let status = status.to_string();
        with_local_recorder(&*self.recorder, || {
            counter!("syncline_requests_total", "route" => route, "method" => method, "status" => status).increment(1);
            histogram!("syncline_request_seconds", "route" => route, "method" => method).record(seconds);
        });
    }

    /// A cycle ended: `ok`, `trouble` or `lost` (its lease), how long it waited for its turn and how long it ran.
    pub fn cycle(&self, outcome: &'static str, waited_s: f64, ran_s: f64) {
        with_local_recorder(&*self.recorder, || {
            counter!("syncline_cycles_total", "outcome" => outcome).increment(1);
            histogram!("syncline_cycle_queue_seconds").record(waited_s);
            histogram!("syncline_cycle_seconds").record(ran_s);
        });
    }

    /// What cycles did to records.
    pub fn wrote(&self, domain: &'static str, side: &'static str, what: &'static str, n: u32) {
        with_local_recorder(&*self.recorder, || {
            counter!("syncline_records_total", "domain" => domain, "side" => side, "what" => what)
                .increment(u64::from(n));
        });
    }

    /// Mailboxes were told of by their servers.
    pub fn notified(&self, mailboxes: usize) {
        let mailboxes = u64::try_from(mailboxes).unwrap_or(u64::MAX);
        with_local_recorder(&*self.recorder, || counter!("syncline_notifications_total").increment(mailboxes));
    }

    /// A streaming connection ended: `closed`, `changed`, `lost`, `short` or `broken`.
    pub fn push_ended(&self, why: &'static str) {
        with_local_recorder(&*self.recorder, || counter!("syncline_push_ended_total", "why" => why).increment(1));
    }

    /// A message to an administrator `arrived`, or was `lost`.
    pub fn alert(&self, channel: &'static str, outcome: &'static str) {
        with_local_recorder(&*self.recorder, || {
            counter!("syncline_alert_messages_total", "channel" => channel, "outcome" => outcome).increment(1);
        });
    }

    /// How long a change in the CRM took until its reader passed it on.
    pub fn read_crm(&self, seconds: f64) {
        with_local_recorder(&*self.recorder, || {
            histogram!("syncline_crm_reader_seconds").record(seconds);
        });
    }

    /// So many changes took so long for a part of their way to a side (rule W4).
    pub fn took(&self, part: &'static str, to: &'static str, ms: u64, changes: u64) {
        let seconds = Duration::from_millis(ms).as_secs_f64();
        let times = usize::try_from(changes).unwrap_or(usize::MAX);
        with_local_recorder(&*self.recorder, || {
            histogram!("syncline_change_seconds", "part" => part, "to" => to).record_many(seconds, times);
        });
    }

    /// A number as it stands now.
    pub fn level(&self, name: &'static str, value: f64) {
        with_local_recorder(&*self.recorder, || gauge!(name).set(value));
    }

    /// Everything in Prometheus' text form.
    #[must_use]
    pub fn text(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_shown() {
        let metrics = Metrics::default();
        metrics.request("/health/live", "GET", 200, 0.01);
        metrics.cycle("ok", 0.0, 1.0);
        metrics.level("syncline_pairings_due", 3.0);
        let text = metrics.text();
        assert!(text.contains("syncline_requests_total{route=\"/health/live\",method=\"GET\",status=\"200\"} 1"));
        assert!(text.contains("syncline_cycle_seconds_count 1"), "{text}");
        assert!(text.contains("syncline_pairings_due 3"));
        assert!(!Metrics::default().text().contains("syncline_cycles_total"));
    }
}
