// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

// Third-party products, each named once.
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let numerics = Target.Dependency.product(name: "RealModule", package: "swift-numerics")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = [], linking: [LinkerSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict, linkerSettings: linking)
}

/// The library as an archive, so that the mend in CNNGMend can be put in (docs/adr/0006), and what it needs itself (libnng-dev brings both).
let mendedNNG: [LinkerSetting] = [
    .unsafeFlags(["nni_aio_begin", "nng_stream_recv", "nng_stream_send"].flatMap { ["-Xlinker", "--wrap=\($0)"] }),
    .linkedLibrary(":libnng.a"), .linkedLibrary("mbedtls"), .linkedLibrary("mbedx509"), .linkedLibrary("mbedcrypto"),
]

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "advpo",
    products: [
        .executable(name: "advpo", targets: ["advpo"]),
        .executable(name: "advpo-coord", targets: ["advpo-coord"]),
        .executable(name: "advpo-worker", targets: ["advpo-worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["CommandLineArguments", "YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // System libraries (Debian's libnng-dev and libzstd-dev).
        .systemLibrary(name: "CNNG", providers: [.apt(["libnng-dev"])]),
        .target(name: "CNNGMend", cSettings: [.unsafeFlags(["-Werror"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // Ring 0: pure. AdvPOModel is the vocabulary that the others share.
        library("AdvPOModel", [collections, crypto]),
        library("AdvPOBedrock", ["AdvPOModel", collections, crypto]),
        library("AdvPOCluster", ["AdvPOModel", collections, crypto, deque, heap]),
        library("AdvPOOptimizer", ["AdvPOModel", collections, numerics]),
        library("AdvPOWire", ["AdvPOModel", collections, protobuf], exclude: ["Schema"]),

        // Ring 1: one kind of I/O each.
        library("AdvPOEvaluation", ["AdvPOModel", collections, logging, subprocess, systemPackage], resources: [.embedInCode("Python/metric_host.py")]),
        library("AdvPOInference", ["AdvPOModel", asyncHTTPClient, collections, logging, nioCore, nioHTTP1, yams]),
        library("AdvPOMetrics", [collections, coreMetrics]),
        library("AdvPOObjects", ["AdvPOBedrock", "AdvPOModel", asyncHTTPClient, collections, crypto, logging, nioCore, nioHTTP1, systemPackage, yams]),
        library("AdvPOStore", ["AdvPOModel", collections, grdb, logging]),
        library("AdvPOTransport", ["AdvPOModel", "CNNG", "CNNGMend", "CZstd", logging], linking: mendedNNG),

        // Ring 2: shells.
        library("AdvPOCoordinator", [
            "AdvPOBedrock", "AdvPOCluster", "AdvPOMetrics", "AdvPOModel", "AdvPOObjects", "AdvPOOptimizer", "AdvPOStore", "AdvPOTransport", "AdvPOWire",
            collections, coreMetrics, lifecycle, logging,
        ]),
        library("AdvPOWorker", ["AdvPOCluster", "AdvPOEvaluation", "AdvPOMetrics", "AdvPOModel", "AdvPOTransport", "AdvPOWire", collections, coreMetrics, lifecycle, logging]),
        library("AdvPOAPI", ["AdvPOBedrock", "AdvPOMetrics", "AdvPOModel", "AdvPOObjects", collections, coreMetrics, httpTypes, hummingbird, hummingbirdCore, hummingbirdTLS, lifecycle, logging, nioCore, nioHTTP1, nioSSL, yams]),

        // The files by which a cluster's programs know each other: made by a command, read by both sides.
        library("AdvPOTrust", ["AdvPOCluster", "AdvPOModel", "AdvPOObjects", asn1, crypto, systemPackage, x509, yams]),

        // What the three commands share: settings from flags, environment and file; terminal output; exit codes.
        library("AdvPOCommandLine", ["AdvPOBedrock", "AdvPOModel", "AdvPOObjects", argumentParser, collections, configuration, logging, systemPackage]),

        // Ring 3: composition.
        program("advpo", [
            "AdvPOBedrock", "AdvPOCommandLine", "AdvPOCoordinator", "AdvPOEvaluation", "AdvPOInference", "AdvPOModel", "AdvPOObjects", "AdvPOStore",
            "AdvPOTransport", "AdvPOWorker", argumentParser, asyncHTTPClient, collections, logging, nioCore, nioHTTP1, nioSSL,
        ]),
        program("advpo-coord", [
            "AdvPOAPI", "AdvPOBedrock", "AdvPOCluster", "AdvPOCommandLine", "AdvPOCoordinator", "AdvPOInference", "AdvPOMetrics", "AdvPOModel", "AdvPOObjects",
            "AdvPOStore", "AdvPOTransport", "AdvPOTrust", "AdvPOWire", argumentParser, coreMetrics, lifecycle, logging, nioSSL, unixSignals,
        ]),
        program("advpo-worker", [
            "AdvPOAPI", "AdvPOCluster", "AdvPOCommandLine", "AdvPOEvaluation", "AdvPOInference", "AdvPOMetrics", "AdvPOModel", "AdvPOTransport", "AdvPOTrust",
            "AdvPOWire", "AdvPOWorker", argumentParser, collections, coreMetrics, lifecycle, logging, unixSignals,
        ]),

        // For tests only: the cluster in virtual time, a program that plays it, and what test targets share.
        library("AdvPOSimulation", ["AdvPOBedrock", "AdvPOCluster", "AdvPOCoordinator", "AdvPOModel", "AdvPOStore", "AdvPOWire", collections, heap]),
        program("advpo-sim", ["AdvPOSimulation", argumentParser]),
        // And inputs that nobody would send, for decoders and machines.
        library("AdvPOFuzzing", ["AdvPOCluster", "AdvPOModel", "AdvPOTransport", "AdvPOWire", collections]),
        program("advpo-fuzz", ["AdvPOFuzzing", argumentParser]),
        // For ops/bench: the two shells with a model that answers at once.
        program("advpo-bench", [
            "AdvPOBedrock", "AdvPOCoordinator", "AdvPOEvaluation", "AdvPOModel", "AdvPOObjects", "AdvPOStore", "AdvPOTransport", "AdvPOWire", "AdvPOWorker",
            argumentParser, collections, logging,
        ]),
        .target(name: "AdvPOTestSupport", dependencies: [asyncHTTPClient, nioCore, nioHTTP1, subprocess, systemPackage], path: "Tests/AdvPOTestSupport", swiftSettings: strict),

        // Tests: one target per library, then whole processes and rules.
        tests("AdvPOModelTests", ["AdvPOModel", collections]),
        tests("AdvPOBedrockTests", ["AdvPOBedrock", "AdvPOModel", "AdvPOTestSupport", collections], resources: [.copy("Fixtures")]),
        tests("AdvPOClusterTests", ["AdvPOCluster", "AdvPOInference", "AdvPOModel", "AdvPOTestSupport", collections]),
        tests("AdvPOOptimizerTests", ["AdvPOModel", "AdvPOOptimizer", "AdvPOTestSupport", collections]),
        tests("AdvPOWireTests", ["AdvPOFuzzing", "AdvPOModel", "AdvPOTestSupport", "AdvPOWire", collections]),
        tests("AdvPOEvaluationTests", ["AdvPOEvaluation", "AdvPOModel", "AdvPOTestSupport", collections, logging], resources: [.copy("Fixtures")]),
        tests("AdvPOInferenceTests", ["AdvPOInference", "AdvPOModel", collections, httpTypes, hummingbird, logging, nioCore]),
        tests(
            "AdvPOObjectsTests",
            ["AdvPOBedrock", "AdvPOModel", "AdvPOObjects", "AdvPOTestSupport", collections, crypto, httpTypes, hummingbird, logging, nioCore]),
        tests("AdvPOMetricsTests", ["AdvPOMetrics", coreMetrics]),
        tests("AdvPOStoreTests", ["AdvPOModel", "AdvPOStore", logging]),
        tests("AdvPOTransportTests", ["AdvPOCluster", "AdvPOModel", "AdvPOTestSupport", "AdvPOTransport", "AdvPOTrust", logging]),
        tests("AdvPOTrustTests", ["AdvPOCluster", "AdvPOObjects", "AdvPOTrust", subprocess, systemPackage]),
        tests(
            "AdvPOCoordinatorTests",
            [
                "AdvPOBedrock", "AdvPOCluster", "AdvPOCoordinator", "AdvPOEvaluation", "AdvPOModel", "AdvPOObjects", "AdvPOOptimizer", "AdvPOStore",
                "AdvPOTransport", "AdvPOWire", "AdvPOWorker", collections, logging,
            ]),
        tests(
            "AdvPOWorkerTests",
            [
                "AdvPOCluster", "AdvPOEvaluation", "AdvPOInference", "AdvPOModel", "AdvPOTransport", "AdvPOWire", "AdvPOWorker", collections, logging,
            ]),
        tests(
            "AdvPOAPITests",
            [
                "AdvPOAPI", "AdvPOBedrock", "AdvPOMetrics", "AdvPOModel", "AdvPOObjects", "AdvPOTestSupport",
                collections, httpTypes, hummingbird, hummingbirdTesting, lifecycle, logging, nioCore, nioEmbedded, nioHTTP1, nioSSL, subprocess, systemPackage,
            ], exclude: ["drive_authentication.py", "drive_boto3.py", "drive_connections.py"]),
        tests("AdvPOCommandLineTests", ["AdvPOBedrock", "AdvPOCommandLine", "AdvPOModel", collections, logging]),
        tests("SimulationTests", ["AdvPOFuzzing", "AdvPOSimulation", "AdvPOTestSupport", subprocess, systemPackage]),
        tests(
            "ProcessTests", ["AdvPOModel", collections, hummingbird, httpTypes, logging, nioCore, subprocess, systemPackage], exclude: ["Python"]),
        tests("RuleTests", ["AdvPOTestSupport"]),
    ]
)
