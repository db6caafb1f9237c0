// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]
// Tests that compute little themselves: optimising them takes longer than it saves.
let testSettings = settings + [.unsafeFlags(["-Onone"])]

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "pinion",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "pinion", targets: ["pinion"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.9.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    ],
    targets: [
        .target(name: "CPinionKernels"),
        .target(name: "CPinionPages", exclude: ["Assets"]),
        .target(name: "PinionPages", dependencies: ["CPinionPages", crypto], swiftSettings: settings),
        .target(name: "PinionJSON", swiftSettings: settings),
        .target(name: "TextGeneration", dependencies: ["PinionJSON"], swiftSettings: settings),
        .target(name: "PinionTensor", dependencies: ["CPinionKernels"], swiftSettings: settings),
        .target(
            name: "PinionModelFiles", dependencies: ["PinionTensor", "PinionJSON", "PinionTokenizer"],
            swiftSettings: settings),
        .target(name: "PinionModels", dependencies: ["PinionModelFiles", "PinionTensor"], swiftSettings: settings),
        .target(
            name: "PinionEngine", dependencies: ["PinionModelFiles", "PinionModels", "PinionTensor"],
            swiftSettings: settings),
        .target(name: "PinionPattern", swiftSettings: settings),
        .target(name: "PinionTokenizer", dependencies: ["PinionJSON", "PinionPattern"], swiftSettings: settings),
        .target(name: "PinionTemplate", swiftSettings: settings),
        .target(name: "PinionGrammar", dependencies: ["PinionJSON", "PinionPattern"], swiftSettings: settings),
        .target(
            name: "PinionGeneration",
            dependencies: [
                "PinionEngine", "PinionGrammar", "PinionJSON", "PinionModelFiles", "PinionModels", "PinionTemplate",
                "PinionTokenizer", "TextGeneration",
            ],
            swiftSettings: settings),
        .target(name: "PinionWire", dependencies: ["TextGeneration", "PinionJSON"], swiftSettings: settings),
        .target(
            name: "OpenAIAPI", dependencies: ["TextGeneration", "PinionJSON", "PinionWire"], swiftSettings: settings),
        .target(
            name: "AnthropicAPI", dependencies: ["TextGeneration", "PinionJSON", "PinionWire"],
            swiftSettings: settings),
        .target(name: "PinionMetrics", dependencies: [coreMetrics], swiftSettings: settings),
        .target(name: "PinionLedger", swiftSettings: settings),
        .target(name: "PinionTerminal", swiftSettings: settings),
        .target(name: "PinionStore", dependencies: ["PinionLedger", grdb, crypto], swiftSettings: settings),
        .target(
            name: "PinionCatalog",
            dependencies: ["PinionJSON", asyncHTTPClient, crypto, nioCore, nioHTTP1, nioPosix, nioSSL],
            swiftSettings: settings),
        .target(
            name: "PinionServer",
            dependencies: [
                "TextGeneration", "OpenAIAPI", "AnthropicAPI", "PinionJSON", "PinionMetrics", "PinionPages",
                "PinionWire", hummingbird, hummingbirdCore, httpTypes, nioCore, nioHTTP1, nioHTTPTypes,
                serviceLifecycle, unixSignals, logging, coreMetrics, metrics,
            ],
            swiftSettings: settings),
        .executableTarget(name: "pinion", dependencies: ["PinionCommand"], swiftSettings: settings),
        .target(
            name: "PinionCommand",
            dependencies: [
                "PinionServer", "PinionGeneration", "PinionEngine", "PinionModelFiles", "PinionModels", "PinionTensor",
                "PinionTokenizer", "PinionTemplate", "PinionStore", "PinionLedger", "PinionCatalog", "PinionGrammar",
                "PinionMetrics", "PinionTerminal",
                "OpenAIAPI", "PinionJSON", "PinionWire", "TextGeneration", argumentParser, asyncHTTPClient, nioCore,
                nioHTTP1, logging, coreMetrics, metrics,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "PinionCommandTests",
            dependencies: ["PinionCommand", "PinionModelFiles", "PinionTerminal", "TestSupport"],
            swiftSettings: testSettings),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "EngineTestSupport",
            dependencies: ["PinionEngine", "PinionModelFiles", "PinionModels", "PinionTensor"],
            path: "Tests/EngineTestSupport", swiftSettings: settings),
        .testTarget(
            name: "CPinionKernelsTests", dependencies: ["CPinionKernels", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "PinionTensorTests",
            dependencies: ["PinionModelFiles", "PinionTensor", "CPinionKernels", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "PinionModelsTests",
            dependencies: ["PinionModels", "PinionModelFiles", "PinionTensor", "PinionTokenizer", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "PinionEngineTests",
            dependencies: [
                "PinionEngine", "PinionModelFiles", "PinionModels", "PinionTensor", "EngineTestSupport", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(name: "PinionJSONTests", dependencies: ["PinionJSON", "TestSupport"], swiftSettings: testSettings),
        .testTarget(name: "TextGenerationTests", dependencies: ["TextGeneration"], swiftSettings: testSettings),
        .testTarget(
            name: "PinionPatternTests", dependencies: ["PinionPattern", "TestSupport"], swiftSettings: testSettings),
        .testTarget(
            name: "PinionTokenizerTests", dependencies: ["PinionTokenizer", "PinionPattern", "TestSupport"],
            swiftSettings: testSettings),
        .testTarget(
            name: "PinionTemplateTests", dependencies: ["PinionTemplate", "TestSupport"], swiftSettings: testSettings),
        .testTarget(
            name: "PinionGrammarTests", dependencies: ["PinionGrammar", "PinionJSON", "PinionPattern", "TestSupport"],
            swiftSettings: testSettings),
        .testTarget(
            name: "PinionGenerationTests",
            dependencies: [
                "PinionGeneration", "PinionEngine", "PinionGrammar", "PinionJSON", "PinionModelFiles",
                "PinionTemplate", "PinionTokenizer", "OpenAIAPI", "TestSupport", "TextGeneration",
            ],
            swiftSettings: testSettings),
        .testTarget(
            name: "OpenAIAPITests",
            dependencies: ["OpenAIAPI", "TextGeneration", "PinionJSON", "PinionWire", "TestSupport"],
            swiftSettings: testSettings),
        .testTarget(
            name: "AnthropicAPITests",
            dependencies: ["AnthropicAPI", "TextGeneration", "PinionJSON", "PinionWire", "TestSupport"],
            swiftSettings: testSettings),
        .testTarget(
            name: "PinionMetricsTests", dependencies: ["PinionMetrics", metrics], swiftSettings: testSettings),
        .testTarget(
            name: "PinionTerminalTests", dependencies: ["PinionTerminal"],
            swiftSettings: testSettings),
        .testTarget(
            name: "PinionLedgerTests", dependencies: ["PinionLedger", "TestSupport"], swiftSettings: testSettings),
        .testTarget(
            name: "PinionStoreTests", dependencies: ["PinionStore", "PinionLedger", grdb], swiftSettings: testSettings),
        .testTarget(name: "PinionCatalogTests", dependencies: ["PinionCatalog", crypto], swiftSettings: testSettings),
        .testTarget(
            name: "PinionServerTests",
            dependencies: [
                "PinionServer", "PinionCommand", "PinionGeneration", "PinionEngine", "PinionTemplate", "PinionMetrics",
                "PinionPages", "EngineTestSupport", "TestSupport", "TextGeneration", "OpenAIAPI", "PinionJSON",
                "PinionWire", hummingbird,
                hummingbirdTesting, httpTypes, nioCore, nioEmbedded, nioPosix, logging,
            ],
            swiftSettings: testSettings),
    ]
)
