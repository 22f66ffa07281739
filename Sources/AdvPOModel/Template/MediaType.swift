/// A format of images or documents that models are sent.
package enum MediaType: String, Hashable, Sendable, Codable, CaseIterable {
    case png = "image/png"
    case jpeg = "image/jpeg"
    case gif = "image/gif"
    case webp = "image/webp"
    case pdf = "application/pdf"

    /// How many first bytes of a file are looked at.
    package static let signatureBytes = 12

    /// The format of a file by its first bytes; nil for any other, and for an empty file.
    ///
    /// Of the rest nothing is looked at: whether the picture can be drawn is the model's to say.
    package init?(signatureOf bytes: some Sequence<UInt8>) {
        let first = Array(bytes.prefix(Self.signatureBytes))
        func starts(_ signature: [UInt8]) -> Bool { first.starts(with: signature) }
        if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if starts([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if starts(Array("GIF87a".utf8)) || starts(Array("GIF89a".utf8)) {
            self = .gif
        } else if starts(Array("RIFF".utf8)), first.count == 12, first[8...].elementsEqual("WEBP".utf8) {
            self = .webp
        } else if starts(Array("%PDF-".utf8)) {
            self = .pdf
        } else {
            return nil
        }
    }

    package var kind: Attachment.Kind {
        switch self {
        case .png, .jpeg, .gif, .webp: .image
        case .pdf: .document
        }
    }

    /// As people say it: `PNG`, `PDF`.
    package var title: String {
        switch self {
        case .png: "PNG"
        case .jpeg: "JPEG"
        case .gif: "GIF"
        case .webp: "WebP"
        case .pdf: "PDF"
        }
    }
}
