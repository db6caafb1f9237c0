import Foundation

/// Which kind of file system a path lies on.
///
/// A log of SQLite (`journal_mode = WAL`) is shared through mapped memory. A network file system gives every host memory
/// of its own, so that two hosts would each overwrite what the other wrote: such file systems are refused before anything is
/// made on them. FUSE as such is let through, because containers and encrypted folders of one machine use it as well; where
/// it cannot map memory, SQLite itself refuses the log.
package enum FileSystem {
    private static let networkKinds: Set<String> = [
        "9p", "afs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.ceph-fuse", "fuse.glusterfs", "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "webdav",
    ]

    /// The kind of network file system that a path lies on; nil on a disk of this machine, or where the system does not
    /// tell.
    package static func network(at path: String) -> String? {
        #if canImport(Darwin)
            var status = statfs()
            guard statfs(path, &status) == 0, status.f_flags & UInt32(MNT_LOCAL) == 0 else { return nil }
            return withUnsafeBytes(of: status.f_fstypename) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
        #else
            guard let resolved = realpath(path, nil) else { return nil }
            defer { free(resolved) }
            guard let table = FileManager.default.contents(atPath: "/proc/self/mountinfo") else { return nil }
            let kind = kind(of: String(cString: resolved), mounts: String(decoding: table, as: UTF8.self))
            return kind.flatMap { networkKinds.contains($0) ? $0 : nil }
        #endif
    }

    /// The kind of the file system that is mounted nearest above a path.
    ///
    /// Not `statfs`: it knows every FUSE file system by one number, and Swift does not import it on Linux.
    ///
    /// - Parameters:
    ///   - path: Absolute, without symbolic links.
    ///   - mounts: What `/proc/self/mountinfo` holds; see proc(5).
    package static func kind(of path: String, mounts: String) -> String? {
        var nearest: (length: Int, kind: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > mountPoint, let mark = fields.firstIndex(of: "-"), mark + 1 < fields.count else {
                continue
            }
            let point = unescaped(fields[mountPoint])
            let isAbove = point == [slash] || path.utf8.elementsEqual(point) || path.utf8.starts(with: point + [slash])
            // Of two mounts at one place the later one hides the earlier.
            guard isAbove, point.count >= nearest?.length ?? 0 else { continue }
            nearest = (point.count, String(fields[mark + 1]))
        }
        return nearest?.kind
    }

    private static let mountPoint = 4
    private static let slash = UInt8(ascii: "/")

    /// A field of the table, in which a byte may stand as `\` and three octal digits.
    private static func unescaped(_ field: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(3), as: UTF8.self)
            if byte == UInt8(ascii: "\\"), rest.count >= 3, let value = UInt8(digits, radix: 8) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
