// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "TraceReports",
  products: [.library(name: "TraceReports", targets: ["TraceReports"])],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(path: "../TraceStore"),
  ],
  targets: [
    .target(
      name: "TraceReports",
      dependencies: ["XRayModel", .product(name: "Traces", package: "TraceStore")],
      swiftSettings: settings)
  ]
)
