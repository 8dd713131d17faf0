use super::definition;
use crate::data_schema::{Direction, Undeclared, diff};
use crate::model::schema_registry::Compatibility;
use crate::model::schema_registry::DataFormat::{Avro, Json, Protobuf};

#[test]
fn each_mode_looks_its_way() {
    let int = definition(Avro, r#""int""#);
    let long = definition(Avro, r#""long""#);
    for mode in Compatibility::ALL {
        let widened = long.follows(&int, *mode, Undeclared::Absent).map_err(|(direction, _)| direction);
        let narrowed = int.follows(&long, *mode, Undeclared::Absent).map_err(|(direction, _)| direction);
        let expected = match mode {
            Compatibility::None | Compatibility::Disabled => (Ok(()), Ok(())),
            Compatibility::Backward | Compatibility::BackwardAll => (Ok(()), Err(Direction::Backward)),
            Compatibility::Forward | Compatibility::ForwardAll => (Err(Direction::Forward), Ok(())),
            Compatibility::Full | Compatibility::FullAll => (Err(Direction::Forward), Err(Direction::Backward)),
        };
        assert_eq!((widened, narrowed), expected, "{mode}");
    }
}

#[test]
fn modes_go_by_their_names() {
    for mode in Compatibility::ALL {
        assert_eq!(Compatibility::parse(mode.as_str()), Some(*mode));
        assert_eq!(mode.counts_all(), mode.as_str().ends_with("_ALL"));
    }
    assert_eq!(Compatibility::parse("backward"), None);
}

#[test]
fn the_same_definition_is_found_however_it_is_laid_out() {
    let print = |format, text: &str| *definition(format, text).fingerprint();
    let record = r#"{"type": "record", "name": "R", "fields": []}"#;
    let turned = "{\"fields\":[],\n\"name\":\"R\",\"type\":\"record\"}";
    assert_eq!(print(Avro, record), print(Avro, turned));
    assert_ne!(print(Avro, record), print(Avro, &record.replace('R', "S")));
    assert_eq!(print(Json, r#"{"a": 1, "b": {"d": 1, "c": 2}}"#), print(Json, r#"{"b": {"c": 2, "d": 1}, "a": 1}"#));
    assert_ne!(print(Json, r#"{"enum": [1, 2]}"#), print(Json, r#"{"enum": [2, 1]}"#));
    assert_ne!(print(Protobuf, "message M {}"), print(Protobuf, "message N {}"));
}

#[test]
fn differences_are_patches() {
    assert_eq!(
        diff(Avro, r#"{"type": "int"}"#, r#"{"type": "long", "doc": "x"}"#),
        r#"[{"op":"add","path":"/doc","value":"x"},{"op":"replace","path":"/type","value":"long"}]"#
    );
    assert_eq!(diff(Json, "{}", "{ }"), "[]");
    assert_eq!(
        diff(Protobuf, "message M {\n}\n", "message M {\n  int32 a = 1;\n}\n"),
        "@@ -1,2 +1,3 @@\n message M {\n+  int32 a = 1;\n }\n"
    );
}
