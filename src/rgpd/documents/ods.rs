//! A spreadsheet in the format of `LibreOffice` (ISO/IEC 26300): sheets of typed cells, in a zip whose bytes depend on nothing but
//! them. Written here because the one crate that writes this format brings a whole locale library and a calendar with it.

use std::io::{Cursor, Write as _};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Head(String),
    Text(String),
    /// As it is written: `10`, `0.1`.
    Number(String),
    Bool(bool),
    Empty,
}

/// A sheet: its name, the width of each column in millimetres, its rows.
pub(super) struct Sheet {
    pub name: String,
    /// Rows that every printed page repeats.
    pub headings: usize,
    pub widths: Vec<u32>,
    pub rows: Vec<Vec<Cell>>,
}

const MIME: &str = "application/vnd.oasis.opendocument.spreadsheet";
const NAMESPACES: [(&str, &str); 6] = [
    ("xmlns:office", "urn:oasis:names:tc:opendocument:xmlns:office:1.0"),
    ("xmlns:table", "urn:oasis:names:tc:opendocument:xmlns:table:1.0"),
    ("xmlns:text", "urn:oasis:names:tc:opendocument:xmlns:text:1.0"),
    ("xmlns:style", "urn:oasis:names:tc:opendocument:xmlns:style:1.0"),
    ("xmlns:fo", "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"),
    ("office:version", "1.3"),
];
const MANIFEST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" manifest:version=\"1.3\"><manifest:file-entry manifest:full-path=\"/\" manifest:version=\"1.3\" manifest:media-type=\"application/vnd.oasis.opendocument.spreadsheet\"/><manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/><manifest:file-entry manifest:full-path=\"styles.xml\" manifest:media-type=\"text/xml\"/></manifest:manifest>\n";
/// Landscape, as wide as one page; each page says its sheet and its number.
const STYLES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<office:document-styles xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:style=\"urn:oasis:names:tc:opendocument:xmlns:style:1.0\" xmlns:fo=\"urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" office:version=\"1.3\"><office:styles><style:default-style style:family=\"table-cell\"><style:text-properties fo:font-size=\"10pt\" fo:language=\"fr\" fo:country=\"FR\"/></style:default-style></office:styles><office:automatic-styles><style:page-layout style:name=\"page\"><style:page-layout-properties fo:page-width=\"297mm\" fo:page-height=\"210mm\" style:print-orientation=\"landscape\" fo:margin-top=\"12mm\" fo:margin-bottom=\"12mm\" fo:margin-left=\"12mm\" fo:margin-right=\"12mm\" style:scale-to-X=\"1\" style:scale-to-Y=\"0\"/><style:header-style><style:header-footer-properties fo:min-height=\"8mm\" fo:margin-bottom=\"3mm\"/></style:header-style><style:footer-style><style:header-footer-properties fo:min-height=\"8mm\" fo:margin-top=\"3mm\"/></style:footer-style></style:page-layout></office:automatic-styles><office:master-styles><style:master-page style:name=\"Default\" style:page-layout-name=\"page\"><style:header><text:p>Registre des traitements — <text:sheet-name>feuille</text:sheet-name></text:p></style:header><style:footer><text:p>Page <text:page-number>1</text:page-number> sur <text:page-count>1</text:page-count></text:p></style:footer></style:master-page></office:master-styles></office:document-styles>\n";

/// The file. `None` when it cannot be made, which no content causes: everything is in memory.
pub(super) fn file(sheets: &[Sheet]) -> Option<Vec<u8>> {
    let content = content(sheets).ok()?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).last_modified_time(DateTime::default());
    // The type comes first, so that it is known without opening the rest.
    for (name, bytes) in
        [("mimetype", MIME.as_bytes()), ("content.xml", &content), ("styles.xml", STYLES.as_bytes()), ("META-INF/manifest.xml", MANIFEST.as_bytes())]
    {
        zip.start_file(name, stored).ok()?;
        zip.write_all(bytes).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

type Xml = Writer<Vec<u8>>;

fn content(sheets: &[Sheet]) -> std::io::Result<Vec<u8>> {
    let mut xml: Xml = Writer::new(Vec::new());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("office:document-content").with_attributes(NAMESPACES).write_inner_content(|xml| {
        xml.create_element("office:automatic-styles").write_inner_content(|xml| styles(xml, sheets))?;
        xml.create_element("office:body").write_inner_content(|xml| {
            xml.create_element("office:spreadsheet").write_inner_content(|xml| sheets.iter().enumerate().try_for_each(|(n, s)| sheet(xml, n, s)))?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(xml.into_inner())
}

fn styles(xml: &mut Xml, sheets: &[Sheet]) -> std::io::Result<()> {
    xml.create_element("style:style")
        .with_attributes([("style:name", "t"), ("style:family", "table"), ("style:master-page-name", "Default")])
        .write_empty()?;
    for (n, sheet) in sheets.iter().enumerate() {
        for (c, width) in sheet.widths.iter().enumerate() {
            let (name, width) = (format!("c{n}-{c}"), format!("{width}mm"));
            xml.create_element("style:style")
                .with_attributes([("style:name", name.as_str()), ("style:family", "table-column")])
                .write_inner_content(|xml| {
                    xml.create_element("style:table-column-properties").with_attribute(("style:column-width", width.as_str())).write_empty()?;
                    Ok(())
                })?;
        }
    }
    xml.create_element("style:style").with_attributes([("style:name", "r"), ("style:family", "table-row")]).write_inner_content(|xml| {
        xml.create_element("style:table-row-properties").with_attribute(("style:use-optimal-row-height", "true")).write_empty()?;
        Ok(())
    })?;
    for (name, fill, weight) in [("v", "transparent", "normal"), ("h", "#dde5f4", "bold")] {
        xml.create_element("style:style").with_attributes([("style:name", name), ("style:family", "table-cell")]).write_inner_content(|xml| {
            xml.create_element("style:table-cell-properties")
                .with_attributes([
                    ("fo:wrap-option", "wrap"),
                    ("fo:background-color", fill),
                    ("fo:border", "0.5pt solid #8a8a8a"),
                    ("fo:padding", "1mm"),
                    ("style:vertical-align", "top"),
                ])
                .write_empty()?;
            xml.create_element("style:text-properties").with_attribute(("fo:font-weight", weight)).write_empty()?;
            Ok(())
        })?;
    }
    Ok(())
}

fn sheet(xml: &mut Xml, n: usize, sheet: &Sheet) -> std::io::Result<()> {
    xml.create_element("table:table").with_attributes([("table:name", sheet.name.as_str()), ("table:style-name", "t")]).write_inner_content(
        |xml| {
            for c in 0..sheet.widths.len() {
                let style = format!("c{n}-{c}");
                xml.create_element("table:table-column").with_attribute(("table:style-name", style.as_str())).write_empty()?;
            }
            let (headings, rows) = sheet.rows.split_at(sheet.headings.min(sheet.rows.len()));
            if !headings.is_empty() {
                xml.create_element("table:table-header-rows").write_inner_content(|xml| headings.iter().try_for_each(|r| row(xml, r)))?;
            }
            rows.iter().try_for_each(|r| row(xml, r))
        },
    )?;
    Ok(())
}

fn row(xml: &mut Xml, cells: &[Cell]) -> std::io::Result<()> {
    xml.create_element("table:table-row")
        .with_attribute(("table:style-name", "r"))
        .write_inner_content(|xml| cells.iter().try_for_each(|c| cell(xml, c)))?;
    Ok(())
}

fn cell(xml: &mut Xml, cell: &Cell) -> std::io::Result<()> {
    let (style, kind, value, shown): (&str, &str, Option<(&str, &str)>, &str) = match cell {
        Cell::Empty => {
            xml.create_element("table:table-cell").write_empty()?;
            return Ok(());
        }
        Cell::Head(text) => ("h", "string", None, text),
        Cell::Text(text) => ("v", "string", None, text),
        Cell::Number(text) => ("v", "float", Some(("office:value", text)), text),
        Cell::Bool(true) => ("v", "boolean", Some(("office:boolean-value", "true")), "oui"),
        Cell::Bool(false) => ("v", "boolean", Some(("office:boolean-value", "false")), "non"),
    };
    let element = xml.create_element("table:table-cell").with_attributes([("table:style-name", style), ("office:value-type", kind)]);
    let element = match value {
        Some(attribute) => element.with_attribute(attribute),
        None => element,
    };
    element.write_inner_content(|xml| shown.split('\n').try_for_each(|line| paragraph(xml, line)))?;
    Ok(())
}

/// White space collapses in a paragraph (ODF, 6.1.2): what must stay has its own elements.
fn paragraph(xml: &mut Xml, line: &str) -> std::io::Result<()> {
    xml.create_element("text:p").write_inner_content(|xml| {
        let mut rest = line;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('\t') {
                xml.create_element("text:tab").write_empty()?;
                rest = after;
                continue;
            }
            let spaces = rest.len() - rest.trim_start_matches(' ').len();
            if spaces > 0 {
                let count = spaces.to_string();
                xml.create_element("text:s").with_attribute(("text:c", count.as_str())).write_empty()?;
                rest = &rest[spaces..];
                continue;
            }
            // Up to a tab, or to a space that is not alone between two words.
            let end = rest
                .char_indices()
                .find(|(at, c)| *c == '\t' || (*c == ' ' && rest[at + 1..].chars().next().is_none_or(|next| next == ' ' || next == '\t')))
                .map_or(rest.len(), |(at, _)| at);
            let text: String = rest[..end].chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            xml.write_event(Event::Text(BytesText::new(&text)))?;
            rest = &rest[end..];
        }
        Ok(())
    })?;
    Ok(())
}
