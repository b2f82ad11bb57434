//! The exposition format before OpenMetrics.

use std::collections::HashMap;

/// OpenMetrics text in the older form that Prometheus and its tools read where OpenMetrics was not asked for
/// (exposition format 0.0.4): there a counter is declared under its full name, and info is a gauge.
pub fn as_classic_text(open_metrics: &str) -> String {
    let types: HashMap<&str, &str> =
        open_metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        let declared = ["# HELP ", "# TYPE "].into_iter().find_map(|what| Some((what, line.strip_prefix(what)?)));
        match declared.and_then(|(what, rest)| Some((what, rest.split_once(' ')?))) {
            Some((what, (name, rest))) => {
                let (suffix, kind) = match types.get(name) {
                    Some(&"counter") => ("_total", "counter"),
                    Some(&"info") => ("_info", "gauge"),
                    Some(&kind) => ("", kind),
                    None => ("", "untyped"),
                };
                let rest = if what == "# TYPE " { kind } else { rest };
                text.push_str(&format!("{what}{name}{suffix} {rest}\n"));
            }
            None if line.starts_with('#') => {}
            None => {
                // Exemplars are unknown there. No label of ours contains the sign.
                text.push_str(line.split_once(" # ").map_or(line, |(sample, _)| sample));
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::as_classic_text;

    #[test]
    fn counters_and_info_get_their_full_names_and_exemplars_are_gone() {
        let open_metrics = "# HELP a_build The program.\n# TYPE a_build info\na_build_info{version=\"1\"} 1\n\
             # HELP a_things Things.\n# TYPE a_things counter\na_things_total 2\n\
             # HELP a_time_seconds Time.\n# TYPE a_time_seconds histogram\n# UNIT a_time_seconds seconds\n\
             a_time_seconds_bucket{le=\"1.0\"} 1 # {request_id=\"abc\"} 0.5\n# EOF\n";
        let classic = "# HELP a_build_info The program.\n# TYPE a_build_info gauge\na_build_info{version=\"1\"} 1\n\
             # HELP a_things_total Things.\n# TYPE a_things_total counter\na_things_total 2\n\
             # HELP a_time_seconds Time.\n# TYPE a_time_seconds histogram\na_time_seconds_bucket{le=\"1.0\"} 1\n";
        assert_eq!(as_classic_text(open_metrics), classic);
    }
}
