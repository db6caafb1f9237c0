import Foundation

/// What this process holds of the machine's memory.
package enum ProcessMemory {
    /// Bytes, from the system; nil where it does not say.
    package static var resident: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * Int(getpagesize())
    }
}
