import Foundation

/// The room on the disk, asked before a download instead of after most of it.
enum DiskSpace {
    /// Bytes that a download leaves free: databases and logs share the disk.
    static let reserve = 64 << 20

    /// Bytes that this user may still write; nil where the system does not say.
    static func free(at path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (bytes, overflows) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return overflows ? nil : bytes
    }

    /// - Throws: `noSpace` with both numbers.
    static func check(_ needed: Int, at path: String, source: String) throws(CatalogError) {
        guard let free = free(at: path) else { return }
        let (wanted, overflows) = needed.addingReportingOverflow(reserve)
        guard overflows || wanted > free else { return }
        throw CatalogError(
            .noSpace,
            "\(source) needs \(megabytes(needed)) MB and \(megabytes(reserve)) MB to spare, and the disk of \(path) has "
                + "\(megabytes(free)) MB free; make room (`pinion models prune` removes what no model needs), or name "
                + "another disk with --data-dir")
    }

    private static func megabytes(_ bytes: Int) -> Int { bytes / 1_000_000 }
}
