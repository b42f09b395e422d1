// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let sampler = Target.Dependency.product(name: "XRaySampler", package: "XRaySampler")
let traces = Target.Dependency.product(name: "Traces", package: "TraceStore")
let filters = Target.Dependency.product(name: "TraceFilters", package: "TraceStore")
let zlib = Target.Dependency.product(name: "CZlib", package: "TraceStore")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let daemon: [Target.Dependency] = ["XRayDaemon", "DaemonServer", "AWSAccess"].map {
  .product(name: $0, package: "XRayDaemon")
}

let package = Package(
  name: "XRayService",
  products: [
    .library(name: "SpanIntake", targets: ["SpanIntake"]),
    .library(name: "Insights", targets: ["Insights"]),
    .library(name: "XRayService", targets: ["XRayService"]),
    .library(name: "ServiceServer", targets: ["ServiceServer"]),
  ],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(path: "../XRaySampler"),
    .package(path: "../XRayDaemon"),
    .package(path: "../TraceStore"),
    .package(path: "../TraceReports"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .target(name: "SpanIntake", dependencies: ["XRayModel"], swiftSettings: settings),
    .target(name: "Insights", dependencies: ["XRayModel", traces], swiftSettings: settings),
    .target(
      name: "XRayService", dependencies: ["XRayModel", sampler, traces, filters, "TraceReports", "Insights"],
      swiftSettings: settings),
    .target(
      name: "ServiceServer",
      dependencies: ["XRayModel", traces, "XRayService", "SpanIntake", zlib, crypto, log] + daemon + nio,
      swiftSettings: settings),
  ]
)
