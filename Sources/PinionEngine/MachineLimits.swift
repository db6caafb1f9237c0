import Foundation

/// What of the machine this process may use.
package enum MachineLimits {
    /// Processors: the affinity mask's count, or the control group's quota where that is less.
    package static var processors: Int {
        let allowed = max(ProcessInfo.processInfo.activeProcessorCount, 1)
        // "quota period" in microseconds, or "max".
        let fields = controlGroup("cpu.max").map { Double($0) }
        guard fields.count == 2, let quota = fields[0], let period = fields[1], period > 0, quota > 0 else {
            return allowed
        }
        return max(min(allowed, Int((quota / period).rounded(.up))), 1)
    }

    /// Bytes of memory: the machine's, or the control group's limit where that is less.
    package static var memory: Int {
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        return controlGroup("memory.max").first.flatMap { Int($0) }.map { min($0, machine) } ?? machine
    }

    /// Bytes of memory that nobody uses now: what the machine can give without swapping, or what is left below the control
    /// group's limit, where that is less.
    package static var freeMemory: Int {
        min(availableMemory ?? memory, controlGroupFree ?? .max)
    }

    /// `MemAvailable` of /proc/meminfo, which is in KiB; nil where there is none.
    private static var availableMemory: Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return kibibytes << 10
    }

    /// The limit less what is used, of which the page cache can be taken back.
    private static var controlGroupFree: Int? {
        guard let limit = controlGroup("memory.max").first.flatMap({ Int($0) }),
            let used = controlGroup("memory.current").first.flatMap({ Int($0) })
        else { return nil }
        let statistics = controlGroup("memory.stat")
        let cached = statistics.firstIndex(of: "inactive_file").flatMap { Int(statistics[$0 + 1]) } ?? 0
        return max(limit - used + cached, 0)
    }

    /// The words of a version 2 control group's file; none where there is no such group.
    private static func controlGroup(_ name: String) -> [Substring] {
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/\(name)", encoding: .utf8) else { return [] }
        return text.split(whereSeparator: \.isWhitespace)
    }
}
