import Foundation

/// Who runs this process, as the audit trail names them.
package enum OperatingUser {
    /// The user's login name; `uid 1000` for one without an entry.
    ///
    /// Not `$USER` or `$SUDO_USER`, which anybody can set.
    package static let name: String = {
        let user = getuid()
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, getpwuid_r(user, &entry, base, buffer.count, &found) == 0,
                found != nil, let name = entry.pw_name
            else { return "uid \(user)" }
            return String(cString: name)
        }
    }()
}
