import HTTPTypes
import Logging
import PinionPages
import PinionServer
import Testing
import TextGeneration

@Suite("Pages", .timeLimit(.minutes(1)))
struct PageTests {
    private let fixture = ServerFixture(.greeting())
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    /// Every path that answers with a file, and that file.
    private static let served: [(path: String, name: String)] =
        [("/", "chat.html"), ("/status", "status.html")] + PageAsset.all.map { ("/pages/\($0.name)", $0.name) }

    /// The headers that each reply of a page has, also without its body.
    private func expectHeaders(_ reply: Reply, _ asset: PageAsset) {
        for (name, value) in [
            ("content-security-policy", Self.policy), ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"), ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"), ("cache-control", "no-cache"), ("etag", asset.entityTag),
        ] {
            #expect(reply.headers.value(name) == value, "\(asset.name)")
        }
        #expect(reply.headers.value("set-cookie") == nil)
    }

    @Test("Pages and their files are open, whole, and guarded by their headers, with GET and with HEAD")
    func files() async throws {
        for (path, name) in Self.served {
            let asset = try #require(PageAsset.named(name))
            let reply = try await fixture.reply(.get, path, key: nil)
            #expect(reply.status == 200, "\(path)")
            #expect(Array(reply.body.utf8) == asset.bytes)
            #expect(reply.headers.value("content-type") == asset.contentType)
            expectHeaders(reply, asset)
            let head = try await fixture.reply(.head, path, key: nil)
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head.headers.value("content-length") == String(asset.bytes.count))
            expectHeaders(head, asset)
        }
    }

    @Test("Who has a file already is told so")
    func unchanged() async throws {
        for (path, name) in Self.served.prefix(3) {
            let asset = try #require(PageAsset.named(name))
            let tag = asset.entityTag
            for known in [tag, "W/\(tag)", "\"other\" , \(tag)", "*"] {
                let reply = try await fixture.reply(.get, path, key: nil, headers: [.ifNoneMatch: known])
                #expect(reply.status == 304, "\(known)")
                #expect(reply.body.isEmpty)
                expectHeaders(reply, asset)
            }
            for other in ["\"other\"", "", "W/", String(tag.dropLast())] {
                #expect(
                    try await fixture.reply(.get, path, key: nil, headers: [.ifNoneMatch: other]).status == 200)
            }
        }
    }

    @Test("A visit is one line in the log, and a file that is not there another")
    func log() async throws {
        for path in ["/", "/pages/chat.js", "/pages/chat.css", "/pages/none.js"] {
            _ = try await fixture.reply(.get, path, key: nil)
        }
        let lines = fixture.recorder.lines.filter { $0.level == .info && $0.text.contains("method=GET") }
        #expect(lines.map { $0.text.contains("path=/pages/none.js") } == [false, true])
    }

    @Test(
        "Nothing else lies below the files",
        arguments: ["", "/", "/none.js", "/../chat.html", "/chat%2Ehtml", "/a/b"])
    func otherFiles(path: String) async throws {
        let reply = try await fixture.reply(.get, "/pages" + path, key: nil)
        #expect(reply.status == 404)
        #expect(reply.error?.type == "invalid_request_error")
    }

    @Test("The status page is sent back to the address that its own addresses are relative to")
    func slash() async throws {
        let reply = try await fixture.reply(.get, "/status/", key: nil)
        #expect(reply.status == 308)
        #expect(reply.headers.value("location") == "../status")
    }

    @Test("A page takes GET and HEAD only")
    func methods() async throws {
        for path in ["/", "/status", "/pages/chat.html"] {
            let reply = try await fixture.reply(.post, path, body: "{}", key: nil)
            #expect(reply.status == 405, "\(path)")
            #expect(reply.headers.value("allow") == "GET, HEAD")
        }
    }

    /// The files that a page loads, itself among them: those that it or one of them names in quotes.
    private static func files(of page: String) throws -> Set<String> {
        var (found, left): (Set<String>, [String]) = ([page], [page])
        while let name = left.popLast() {
            let text = String(decoding: try #require(PageAsset.named(name)).bytes, as: UTF8.self)
            for asset in PageAsset.all where !found.contains(asset.name) {
                guard text.contains("/\(asset.name)\"") else { continue }
                found.insert(asset.name)
                left.append(asset.name)
            }
        }
        return found
    }

    @Test("Each page is small with all files that it loads, and no file is loaded by neither")
    func sizes() throws {
        let limit = 150_000
        var loaded: Set<String> = []
        for page in ["chat.html", "status.html"] {
            let files = try Self.files(of: page)
            let size = PageAsset.all.filter { files.contains($0.name) }.map(\.bytes.count).reduce(0, +)
            #expect(size < limit, "\(page): \(size)")
            loaded.formUnion(files)
        }
        #expect(loaded == Set(PageAsset.all.map(\.name)))
    }

    @Test("Addresses in the pages are relative, no text becomes markup or script, and nothing is inline")
    func contents() throws {
        #expect(Set(PageAsset.all.map(\.entityTag)).count == PageAsset.all.count)
        for asset in PageAsset.all {
            let text = String(decoding: asset.bytes, as: UTF8.self)
            for absolute in ["href=\"/", "src=\"/", "from \"/", "fetch(\"/", "url(", "http-equiv", "<base"] {
                #expect(!text.contains(absolute), "\(asset.name): \(absolute)")
            }
            for unsafe in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
                #expect(!text.contains(unsafe), "\(asset.name): \(unsafe)")
            }
            guard asset.name.hasSuffix(".html") else { continue }
            #expect(!text.contains(" style=") && !text.contains("<style"), "\(asset.name)")
            #expect(!text.contains(" onclick=") && !text.contains("<script>"), "\(asset.name)")
        }
    }

    @Test("Every file that a page or a script names is there")
    func references() throws {
        for asset in PageAsset.all where !asset.name.hasSuffix(".svg") {
            let text = String(decoding: asset.bytes, as: UTF8.self)
            for match in text.matches(of: /(?:(?:href|src)="pages\/|from "\.\/)([^"]+)"/) {
                #expect(PageAsset.named(match.1) != nil, "\(asset.name) names \(match.1)")
            }
        }
    }

    @Test("The Chinese words have the keys of the English ones, and those that scripts and pages use")
    func words() throws {
        func text(_ name: String) throws -> String {
            String(decoding: try #require(PageAsset.named(name)).bytes, as: UTF8.self)
        }
        func keys(_ name: String) throws -> Set<String> {
            Set(try text(name).matches(of: /[\t ]([A-Za-z_]+): "/).map { String($0.1) })
        }
        let english = try keys("words-en.js")
        #expect(english.count > 100)
        #expect(try keys("words-zh.js") == english)
        for asset in PageAsset.all where !asset.name.hasPrefix("status") && !asset.name.hasPrefix("words") {
            for match in try text(asset.name).matches(of: /(?:\bt\(|data-t(?:-[a-z]+)?=)"([A-Za-z_]+)"/) {
                #expect(english.contains(String(match.1)), "\(asset.name): \(match.1)")
            }
        }
    }

    @Test("The page takes parameters in the ranges of the route")
    func ranges() throws {
        let script = String(decoding: try #require(PageAsset.named("parameters.js")).bytes, as: UTF8.self)
        let ranges: [(String, ClosedRange<Double>)] = [
            ("temperature", SamplingOptions.temperatureRange), ("top_p", SamplingOptions.topPRange),
            ("min_p", SamplingOptions.minPRange), ("repetition_penalty", SamplingOptions.repetitionPenaltyRange),
        ]
        for (name, range) in ranges {
            let pattern = /\{name: "([a-z_]+)", kind: "decimal", (?:least|above): ([-0-9.]+), most: ([-0-9.]+)/
            let row = try #require(script.matches(of: pattern).first { $0.1 == name }, "\(name)")
            #expect(Double(row.2) == range.lowerBound && Double(row.3) == range.upperBound, "\(name)")
        }
    }
}
