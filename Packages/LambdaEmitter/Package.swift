// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "LambdaEmitter",
  products: [.library(name: "LambdaEmitter", targets: ["LambdaEmitter"])],
  dependencies: [
    .package(path: "../XRayModel"), .package(path: "../XRaySampler"), .package(path: "../EventSources"),
  ],
  targets: [
    .target(
      name: "LambdaEmitter",
      dependencies: [
        .product(name: "XRayModel", package: "XRayModel"), .product(name: "XRaySampler", package: "XRaySampler"),
        .product(name: "EventSources", package: "EventSources"),
      ], swiftSettings: settings)
  ]
)
