// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let model = Target.Dependency.product(name: "XRayModel", package: "XRayModel")
let sampler = Target.Dependency.product(name: "XRaySampler", package: "XRaySampler")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let context = Target.Dependency.product(name: "ServiceContextModule", package: "swift-service-context")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }

let package = Package(
  name: "XRaySDK",
  products: [
    .library(name: "XRaySDK", targets: ["XRaySDK"]),
    .library(name: "XRayTracing", targets: ["XRayTracing"]),
    .library(name: "XRayHTTP", targets: ["XRayHTTP"]),
  ],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(path: "../XRaySampler"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-service-context", from: "1.5.0"),
  ],
  targets: [
    .target(name: "XRaySDK", dependencies: [model, sampler, log, context], swiftSettings: settings),
    .target(name: "XRayTracing", dependencies: [model, "XRaySDK", tracing], swiftSettings: settings),
    .target(name: "XRayHTTP", dependencies: [model, sampler, "XRaySDK"] + nio, swiftSettings: settings),
  ]
)
