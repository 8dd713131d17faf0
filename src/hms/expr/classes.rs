//! What objects of the classes in Hive's expressions hold: their fields in the order of their names, as Kryo writes
//! them. No sizes are written, so an object of a class that is not here cannot even be passed over.
//!
//! Taken from what Hive 2.3, 3.1, 4.0 and 4.2 write; they differ in what is marked here.

use super::kryo::Version;

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Boolean,
    Byte,
    Short,
    Int,
    Long,
    Float,
    Double,
    Text,
    Bytes,
    Longs,
    Enum,
    DecimalWritable,
    /// An object of any class, which is written before it.
    Any,
    /// A list of texts.
    Texts,
    LocalDate,
    LocalTime,
    LocalDateTime,
}

/// What an object is to the expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Function,
    Constant,
    Column,
    /// A function of expressions, by the name of its class.
    Operator,
    /// An operator that names the class of the function.
    Bridge,
    Type,
    Date,
    Timestamp,
    Decimal,
    /// `char` and `varchar`.
    Characters,
    /// What functions keep for themselves.
    Other,
}

/// Differences between clients that their bytes do not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    pub version: Version,
    /// Hadoop's texts know how many characters they have, since 3.4.
    pub counts_characters: bool,
}

/// A class of which objects are written field by field.
#[derive(Debug, Clone, Copy)]
pub struct Class {
    pub role: Role,
    pub fields: &'static [Field],
}

const COMPARISON: &[Field] = &[Field::Any, Field::Enum, Field::Text, Field::Text, Field::Any];
const UNARY: &[Field] = &[
    Field::Any,
    Field::DecimalWritable,
    Field::Any,
    Field::Any,
    Field::Any,
    Field::Any,
    Field::Any,
    Field::Any,
    Field::Text,
    Field::Text,
    Field::Any,
];
const ARITHMETIC: &[Field] = &[
    Field::Boolean,
    Field::Any,
    Field::Boolean,
    Field::DecimalWritable,
    Field::Any,
    Field::Any,
    Field::Any,
    Field::Any,
    Field::Text,
    Field::Text,
    Field::Any,
    // Since Hive 4, which keeps the type of the result too.
    Field::Any,
];
const ARITHMETIC_BEFORE: &[Field] = ARITHMETIC.split_at(ARITHMETIC.len() - 1).0;
const TIMESTAMP_WRITABLE: &[Field] =
    &[Field::Boolean, Field::Bytes, Field::Bytes, Field::Bytes, Field::Int, Field::Any, Field::Boolean];
const DECIMAL: &[Field] = &[Field::Long, Field::Long, Field::Long, Field::Int, Field::Int, Field::Int, Field::Int];
pub const DECIMAL_WRITABLE: &[Field] = &[
    Field::Long,
    Field::Long,
    Field::Long,
    Field::Int,
    Field::Int,
    Field::Int,
    Field::Int,
    Field::Bytes,
    Field::Longs,
    Field::Boolean,
];

/// The class of this name, or None where it is none of Hive's expressions.
pub fn find(name: &str, client: Client) -> Option<Class> {
    use Field::*;
    let (package, class) = name.rsplit_once('.')?;
    let package = package.strip_prefix("org.apache.hadoop.")?;
    let (role, fields): (Role, &'static [Field]) = match (package, class) {
        ("hive.ql.plan", "ExprNodeGenericFuncDesc") => (Role::Function, &[Any, Any, Boolean, Any]),
        ("hive.ql.plan", "ExprNodeConstantDesc") => (Role::Constant, &[Any, Any]),
        ("hive.ql.plan", "ExprNodeColumnDesc") => (Role::Column, &[Text, Boolean, Boolean, Text, Any]),
        ("hive.ql.udf.generic", class) => operator(class, client.version)?,
        ("hive.serde2.typeinfo", class) => (
            Role::Type,
            match class {
                "PrimitiveTypeInfo" => &[Text],
                "CharTypeInfo" | "VarcharTypeInfo" => &[Int, Text],
                "DecimalTypeInfo" => &[Int, Int, Text],
                "StructTypeInfo" => &[Texts, Any],
                _ => return None,
            },
        ),
        ("hive.common.type", class) => match class {
            "Date" => (Role::Date, &[LocalDate]),
            "Timestamp" => (Role::Timestamp, &[LocalDateTime]),
            "HiveDecimal" => (Role::Decimal, DECIMAL),
            "HiveChar" | "HiveVarchar" => (Role::Characters, &[Text]),
            "HiveIntervalDayTime" => (Role::Other, &[Int, Long]),
            "HiveIntervalYearMonth" => (Role::Other, &[Int]),
            _ => return None,
        },
        ("io" | "hive.serde2.io", class) => (
            Role::Other,
            match class {
                "BooleanWritable" => &[Boolean],
                "ByteWritable" => &[Byte],
                "ShortWritable" => &[Short],
                "IntWritable" | "DateWritable" => &[Int],
                "LongWritable" => &[Long],
                "FloatWritable" => &[Float],
                "DoubleWritable" => &[Double],
                "Text" if client.counts_characters => &[Bytes, Int, Int],
                "Text" => &[Bytes, Int],
                "DateWritableV2" | "HiveIntervalDayTimeWritable" | "HiveIntervalYearMonthWritable" => &[Any],
                "TimestampWritable" | "TimestampWritableV2" => TIMESTAMP_WRITABLE,
                "HiveCharWritable" | "HiveVarcharWritable" if client.version == Version::Five => &[Int, Any],
                "HiveCharWritable" | "HiveVarcharWritable" => &[Any],
                _ => return None,
            },
        ),
        ("hive.serde2.objectinspector", "ObjectInspectorConverters$IdentityConverter") => (Role::Other, &[]),
        ("hive.serde2.objectinspector.primitive", class) => {
            let kind = class.strip_suffix("ObjectInspector")?;
            match kind.strip_prefix("Writable").or(kind.strip_prefix("Java"))? {
                // Such a Java object would be written without its class.
                constant if constant.starts_with("Constant") && kind.starts_with("Java") => return None,
                "ConstantHiveDecimal" => (Role::Other, &[Any, DecimalWritable]),
                constant if constant.starts_with("Constant") => (Role::Other, &[Any, Any]),
                _ => (Role::Other, &[Any]),
            }
        }
        _ => return None,
    };
    Some(Class { role, fields })
}

fn operator(class: &str, version: Version) -> Option<(Role, &'static [Field])> {
    use Field::*;
    if class == "GenericUDFBridge" {
        return Some((Role::Bridge, &[Boolean, Text, Text]));
    }
    let fields: &'static [Field] = match class.strip_prefix("GenericUDF")? {
        "OPEqual"
        | "OPNotEqual"
        | "OPLessThan"
        | "OPEqualOrLessThan"
        | "OPGreaterThan"
        | "OPEqualOrGreaterThan"
        | "OPEqualNS"
        | "OPNotEqualNS" => COMPARISON,
        "OPAnd" | "OPOr" | "OPNot" | "OPNull" | "OPNotNull" => &[Any],
        "OPTrue" | "OPFalse" | "OPNotTrue" | "OPNotFalse" => &[Any, Any],
        "OPNegative" | "OPPositive" => UNARY,
        "In" => &[Any, Boolean],
        "Between" => &[Any, Any, Any, Any],
        "Struct" | "Date" | "ToDate" | "ToString" => &[],
        "Timestamp" => &[Boolean],
        "ToChar" | "ToVarchar" | "ToDecimal" => &[Any],
        // Those that are not evaluated are here so that what is said beside them can be.
        "Case" | "Coalesce" | "Concat" | "Elt" | "FromUtcTimestamp" | "Greatest" | "If" | "Least" | "Lower"
        | "NamedStruct" | "Nullif" | "Size" | "Split" | "ToUnixTimeStamp" | "ToUtcTimestamp" | "Upper" | "When" => &[],
        "RegExp" if version == Version::Five => &[Any, Boolean],
        "RegExp" => &[Any],
        "OPPlus" | "OPMinus" => &[Boolean, Any, Boolean, Text, Text],
        "OPNumericPlus" | "OPNumericMinus" | "OPMultiply" | "OPDivide" | "OPMod" if version == Version::Five => {
            ARITHMETIC
        }
        "OPNumericPlus" | "OPNumericMinus" | "OPMultiply" | "OPDivide" | "OPMod" => ARITHMETIC_BEFORE,
        _ => return None,
    };
    Some((Role::Operator, fields))
}

/// The part of a list's class that says it is one. Kryo writes all lists alike, but for those it has a number for.
pub fn is_list(name: &str) -> bool {
    (name.starts_with("java.util.") || name.contains(".google.common.collect."))
        && name.ends_with("List")
        && !name.starts_with("java.util.Collections$")
}
