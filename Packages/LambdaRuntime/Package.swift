// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }

let package = Package(
  name: "LambdaRuntime",
  products: [.library(name: "LambdaRuntime", targets: ["LambdaRuntime"])],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(path: "../XRaySDK"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .target(
      name: "LambdaRuntime",
      dependencies: [
        .product(name: "XRayModel", package: "XRayModel"), .product(name: "XRaySDK", package: "XRaySDK"), log,
      ] + nio, swiftSettings: settings)
  ]
)
