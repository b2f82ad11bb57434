//! What the process takes of its machine: the usual `process_` metrics, and the disk of the data directory.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Clock ticks of `/proc` in a second: the kernel's USER_HZ, 100 on every platform of Linux in use.
const TICKS: f64 = 100.0;

/// A gauge that has no series until it is set.
type Optional = Family<Vec<(String, String)>, Gauge>;

/// Metrics of process and disk. They are read when somebody asks for them.
#[derive(Debug)]
pub struct Machine {
    cpu: Counter<f64, AtomicU64>,
    resident: Gauge,
    open_fds: Gauge,
    start: Gauge<f64, AtomicU64>,
    disk_size: Optional,
    disk_free: Optional,
    store_size: Optional,
    backup: Optional,
}

impl Default for Machine {
    fn default() -> Self {
        let start = Gauge::<f64, AtomicU64>::default();
        start.set(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
        Self {
            cpu: Counter::default(),
            resident: Gauge::default(),
            open_fds: Gauge::default(),
            start,
            disk_size: Optional::default(),
            disk_free: Optional::default(),
            store_size: Optional::default(),
            backup: Optional::default(),
        }
    }
}

impl Machine {
    pub(super) fn register(&self, registry: &mut Registry) {
        let process = registry.sub_registry_with_prefix("process");
        process.register_with_unit("cpu", "Processor time, of user and system", Unit::Seconds, self.cpu.clone());
        process.register_with_unit("resident_memory", "Memory in use", Unit::Bytes, self.resident.clone());
        process.register("open_fds", "Open file descriptors", self.open_fds.clone());
        process.register_with_unit(
            "start_time",
            "When the process began, since the Unix epoch",
            Unit::Seconds,
            self.start.clone(),
        );
        let r = registry.sub_registry_with_prefix("moderato");
        r.register_with_unit("disk_size", "Size of the data directory's disk", Unit::Bytes, self.disk_size.clone());
        r.register_with_unit("disk_free", "Free space on it for the service", Unit::Bytes, self.disk_free.clone());
        r.register_with_unit("store_size", "Size of the SQLite database", Unit::Bytes, self.store_size.clone());
        r.register_with_unit(
            "backup_timestamp",
            "When the last backup of the SQLite database ended, since the Unix epoch; 0 for never",
            Unit::Seconds,
            self.backup.clone(),
        );
    }

    /// Reads what the kernel says of this process. What cannot be read keeps its value.
    pub fn observe_process(&self) {
        let page = rustix::param::page_size() as i64;
        if let Some(pages) = proc("statm").and_then(|text| text.split(' ').nth(1)?.parse::<i64>().ok()) {
            self.resident.set(pages * page);
        }
        if let Ok(entries) = std::fs::read_dir("/proc/self/fd") {
            self.open_fds.set(entries.count() as i64);
        }
        let before = self.cpu.get();
        if let Some(now) = proc("stat").and_then(|text| processor_time(&text)).filter(|&now| now > before) {
            self.cpu.inc_by(now - before);
        }
    }

    /// Looks at the disk of the directory `data`.
    pub fn observe_disk(&self, data: &Path) {
        if let Ok(disk) = rustix::fs::statvfs(data) {
            set(&self.disk_size, disk.f_blocks.saturating_mul(disk.f_frsize));
            set(&self.disk_free, disk.f_bavail.saturating_mul(disk.f_frsize));
        }
    }

    /// Looks at the files of the SQLite database `path`; `backup` is when its last copy was made.
    pub fn observe_database(&self, path: &Path, backup: Option<Duration>) {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        set(&self.store_size, size(path) + size(Path::new(&log)));
        set(&self.backup, backup.map_or(0, |time| time.as_secs()));
    }
}

fn set(gauge: &Optional, value: u64) {
    gauge.get_or_create(&Vec::new()).set(i64::try_from(value).unwrap_or(i64::MAX));
}

fn proc(file: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/self/{file}")).ok()
}

/// Seconds of user and system, from `/proc/self/stat`.
fn processor_time(stat: &str) -> Option<f64> {
    // The name of the program, in brackets, may contain anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |n: usize| fields.get(n)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::processor_time;

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 250 150 0 0 20 0 4 0 12300 1 2 3";
        assert_eq!(processor_time(stat), Some(4.0));
        assert_eq!(processor_time("nonsense"), None);
    }
}
