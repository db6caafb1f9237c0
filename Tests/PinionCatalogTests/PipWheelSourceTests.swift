import Foundation
import PinionCatalog
import Testing

/// Runs against a `python3` made for the test: a shell script on a `PATH` of its own.
@Suite("Downloading with pip")
struct PipWheelSourceTests {
    let root: TemporaryDirectory

    init() throws {
        root = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: root.path + "/out", withIntermediateDirectories: true)
    }

    @Test("pip is asked for exactly the pinned wheel, and its path comes back")
    func arguments() async throws {
        try script("printf '%s\\n' \"$@\" > \(root.path)/arguments; touch \(root.path)/out/llm_test-1.0.whl")
        let wheel = try await source().download("llm-test==1.0", into: root.path + "/out")
        #expect(wheel == root.path + "/out/llm_test-1.0.whl")
        let given = try String(contentsOfFile: root.path + "/arguments", encoding: .utf8).split(separator: "\n")
        #expect(given.prefix(3) == ["-m", "pip", "download"])
        #expect(given.contains("--no-deps"))
        #expect(given.contains("--only-binary=:all:"))
        #expect(given.last == "llm-test==1.0")
    }

    @Test("The child knows the caller's variables, but none of this program's own")
    func environment() async throws {
        try script("env > \(root.path)/environment; touch \(root.path)/out/llm_test-1.0.whl")
        let given = [
            "PATH": root.path + "/bin:/usr/bin:/bin", "PINION_API_KEY": "canary", "PINION_PORT": "1",
            "PIP_INDEX_URL": "mirror",
        ]
        let source = PipWheelSource(showsProgress: false, environment: given)
        _ = try await source.download("llm-test==1.0", into: root.path + "/out")
        let seen = try String(contentsOfFile: root.path + "/environment", encoding: .utf8)
        #expect(!seen.contains("PINION_") && !seen.contains("canary"))
        #expect(seen.contains("PIP_INDEX_URL=mirror"))
    }

    @Test("A failure is one line with pip's last error and the network's cause")
    func failure() async throws {
        try script(
            """
            cat >&2 <<'END'
            WARNING: Retrying (Retry(total=0)) after connection broken by \
            'NewConnectionError('<HTTPSConnection object at 0x7f>: Failed to establish a new connection: refused')'
            ERROR: Could not find a version that satisfies the requirement llm-test==1.0
            ERROR: No matching distribution found for llm-test==1.0

            END
            exit 1
            """)
        let error = await failure("llm-test==1.0")
        #expect(error?.code == .downloadFailed)
        let message = try #require(error?.message)
        #expect(message.contains("No matching distribution found for llm-test==1.0"))
        #expect(message.contains("(Failed to establish a new connection: refused)"))
        #expect(!message.contains("\n"))
    }

    @Test("A failure without a word is still reported")
    func silentFailure() async throws {
        try script("exit 3")
        #expect(await failure("llm-test==1.0")?.message.contains("it said nothing") == true)
    }

    @Test("A success that leaves no wheel is an error")
    func noWheel() async throws {
        try script("exit 0")
        #expect(await failure("llm-test==1.0")?.code == .damagedPackage)
    }

    @Test("A machine without python3 is told so")
    func missing() async throws {
        let error = await failure("llm-test==1.0")
        #expect(error?.code == .pythonMissing)
        #expect(error?.message.contains("python3") == true)
    }

    @Test("Cancelling ends the child, and what the child runs")
    func cancelled() async throws {
        try script("sleep 60 & echo $! > \(root.path)/pid.new; mv \(root.path)/pid.new \(root.path)/pid; wait")
        let source = source()
        let out = root.path + "/out"
        let task = Task { try await source.download("llm-test==1.0", into: out) }
        while !FileManager.default.fileExists(atPath: root.path + "/pid") {
            try await Task.sleep(for: .milliseconds(5))
        }
        let text = try String(contentsOfFile: root.path + "/pid", encoding: .utf8)
        let pid = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        task.cancel()
        let error = await #expect(throws: CatalogError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        // The grandchild is somebody else's to reap, so give it a moment to be gone.
        var isAlive = true
        for _ in 0..<2_000 where isAlive {
            isAlive = Self.isRunning(pid)
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(!isAlive)
    }

    /// Whether there is such a process and it is not merely waiting to be reaped.
    private static func isRunning(_ pid: pid_t) -> Bool {
        guard kill(pid, 0) == 0 else { return false }
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
        return !status.contains(") Z ")
    }

    private func source() -> PipWheelSource {
        // Only the test's own directory, so that the machine's python3 is out of reach.
        PipWheelSource(showsProgress: false, environment: ["PATH": root.path + "/bin"])
    }

    private func failure(_ requirement: String) async -> CatalogError? {
        await #expect(throws: CatalogError.self) {
            _ = try await source().download(requirement, into: root.path + "/out")
        }
    }

    private func script(_ body: String) throws {
        try FileManager.default.createDirectory(atPath: root.path + "/bin", withIntermediateDirectories: true)
        let text = "#!/bin/sh\nPATH=/usr/bin:/bin\n\(body)\n"
        try text.write(toFile: root.path + "/bin/python3", atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root.path + "/bin/python3")
    }
}
