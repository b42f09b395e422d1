// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "EventSources",
  products: [.library(name: "EventSources", targets: ["EventSources"])],
  dependencies: [.package(path: "../XRayModel")],
  targets: [
    .target(
      name: "EventSources", dependencies: [.product(name: "XRayModel", package: "XRayModel")], swiftSettings: settings)
  ]
)
