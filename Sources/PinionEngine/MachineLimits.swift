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

    /// The words of a version 2 control group's file; none where there is no such group.
    private static func controlGroup(_ name: String) -> [Substring] {
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/\(name)", encoding: .utf8) else { return [] }
        return text.split(whereSeparator: \.isWhitespace)
    }
}
