import Foundation

/// Blanks secrets in this process's arguments, which every user of the machine can read (`ps`, `/proc/PID/cmdline`).
///
/// They can be read until then, for the few milliseconds since the start, and they stay in the shell's history:
/// `PINION_API_KEY` is the better way.
enum SecretArguments {
    /// The fields of `/proc/self/stat` that say where the arguments lie, counted from the one after the command's name:
    /// `arg_start` and `arg_end`, 48 and 49 of proc_pid_stat(5).
    private static let startField = 45
    private static let endField = 46
    private static let blank = UInt8(ascii: "*")

    /// Overwrites the values of an option, given as `--option value` or `--option=value`.
    ///
    /// Call it when the arguments have been parsed.
    ///
    /// - Returns: Whether all were found and overwritten.
    static func blank(_ option: String, values: [String]) -> Bool {
        guard !values.isEmpty else { return true }
        guard let arguments = memory() else { return false }
        return blank(option, count: values.count, in: arguments)
    }

    /// - Parameter arguments: Zero-terminated, one after the other.
    static func blank(_ option: String, count: Int, in arguments: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        let name = Array(option.utf8)
        let assignment = name + [UInt8(ascii: "=")]
        var found = 0
        var isValue = false
        var start = 0
        while start < arguments.count {
            let end = arguments[start...].firstIndex(of: 0) ?? arguments.count
            let argument = arguments[start..<end]
            if isValue {
                arguments[start..<end].update(repeating: blank)
                found += 1
                isValue = false
            } else if argument.starts(with: assignment) {
                arguments[(start + assignment.count)..<end].update(repeating: blank)
                found += 1
            } else {
                isValue = argument.elementsEqual(name)
            }
            start = end + 1
        }
        return found >= count
    }

    /// The arguments as the kernel shows them to others; nil where that is not known.
    ///
    /// The pointer is sound because the kernel itself says where it put this process's arguments: the bottom of the main
    /// thread's stack, which is writable and stays. Not `CommandLine.unsafeArgv`: Swift may have copied it.
    private static func memory() -> UnsafeMutableBufferPointer<UInt8>? {
        #if os(Linux)
            // The command's name is in parentheses and may hold any character.
            guard let status = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
                let name = status.lastIndex(of: ")")
            else { return nil }
            let fields = status[name...].split(separator: " ").dropFirst().map { UInt($0) }
            guard fields.count > endField, let start = fields[startField], let end = fields[endField], start > 0,
                end > start, let pointer = UnsafeMutablePointer<UInt8>(bitPattern: start)
            else { return nil }
            return UnsafeMutableBufferPointer(start: pointer, count: Int(end - start))
        #else
            return nil
        #endif
    }
}
