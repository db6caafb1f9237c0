import Foundation

/// How many processors this process may use.
package enum ProcessorCount {
    /// The affinity mask's count, or the control group's quota where that is less.
    package static var available: Int {
        let allowed = ProcessInfo.processInfo.activeProcessorCount
        guard let quota = controlGroupQuota else { return max(allowed, 1) }
        return max(min(allowed, quota), 1)
    }

    /// Whole processors of a version 2 control group's `cpu.max` ("quota period" in microseconds, or "max").
    private static var controlGroupQuota: Int? {
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) else { return nil }
        let fields = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
        guard fields.count == 2, let quota = fields[0], let period = fields[1], period > 0 else { return nil }
        return Int(max((quota / period).rounded(.up), 1))
    }
}
