import Foundation

/// How many files and connections this process may have open.
enum DescriptorLimit {
    /// Descriptors for everything that is no connection: standard streams, event loops, the key database with its log, the
    /// model's file, pipes of a fetch. A server with keys has about 25 of them.
    static let spare = 40
    /// Connections of a server that the system gives hardly any descriptors.
    private static let fewestConnections = 8

    /// Raises the limit of this process as far as the system lets it.
    ///
    /// Shells start programs with 1,024 for the sake of those that wait with `select`, which takes no more; this one
    /// does not.
    ///
    /// - Returns: The limit from now on.
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return .max }
        var raised = limit
        raised.rlim_cur = raised.rlim_max
        if limit.rlim_cur < limit.rlim_max, setrlimit(resource, &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }

    /// The connections that fit, at most as many as are wanted.
    static func connections(wanted: Int, limit: Int) -> Int {
        min(wanted, max(limit - spare, fewestConnections))
    }

    #if os(Linux)
        private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let resource = RLIMIT_NOFILE
    #endif
}
