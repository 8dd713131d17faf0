//! What fields and lists hold that is no object of the expression: numbers, and values of final classes, which are
//! written without their class.

use super::classes::{self, Field};
use super::graph::{Begun, Kind, Object, Reader, Value, text};
use super::kryo::Version;
use super::{Result, malformed};

impl Reader<'_> {
    /// A field in which no other objects of the expression are.
    pub(super) fn simple(&mut self, field: Field) -> Result<Value> {
        match field {
            Field::Texts => self.texts(),
            Field::Boolean | Field::Byte | Field::Short | Field::Int | Field::Long | Field::Float | Field::Double => {
                self.primitive(field)
            }
            field => self.known(field),
        }
    }

    pub(super) fn primitive(&mut self, field: Field) -> Result<Value> {
        let input = &mut self.input;
        Ok(match field {
            Field::Boolean => Value::Boolean(input.boolean()?),
            Field::Byte => Value::Integer(i64::from(input.byte()? as i8)),
            Field::Short => Value::Integer(i64::from(input.short()?)),
            Field::Int => Value::Integer(i64::from(input.int()?)),
            Field::Long => Value::Integer(input.long()?),
            Field::Float => Value::Float(input.float()?),
            Field::Double => Value::Double(input.double()?),
            _ => return malformed("a number in it is none"),
        })
    }

    fn texts(&mut self) -> Result<Value> {
        match self.class()? {
            None => return Ok(Value::Null),
            Some(kind) if matches!(*kind, Kind::List) => {}
            Some(_) => return malformed("a list in it is none"),
        }
        let place = match self.input.count()? {
            1 => self.open()?,
            mark => return self.earlier(mark),
        };
        let (nullable, length) = match self.client.version {
            Version::Three => (true, self.input.count()? as usize),
            Version::Five => self.input.list_length()?,
        };
        for _ in 0..length {
            if let Begun::New(place) = self.begin(&Kind::Text, nullable)? {
                self.parts(&Kind::Text, place)?;
            }
        }
        self.objects[place] = Object::Other;
        Ok(Value::Object(place))
    }

    /// An object of a final class, which is not written then.
    fn known(&mut self, field: Field) -> Result<Value> {
        match self.input.count()? {
            0 => return Ok(Value::Null),
            1 => {}
            mark => return self.earlier(mark),
        }
        // Kryo 5 does not refer to what is one of an enumeration.
        if field == Field::Enum && self.client.version == Version::Five {
            self.input.count()?;
            return Ok(Value::Null);
        }
        let place = self.open()?;
        self.objects[place] = match field {
            Field::Bytes => {
                let length = self.input.length()?.unwrap_or_default();
                self.input.take(length)?;
                Object::Other
            }
            Field::Longs => {
                for _ in 0..self.input.length()?.unwrap_or_default() {
                    self.input.long()?;
                }
                Object::Other
            }
            Field::DecimalWritable => {
                for field in classes::DECIMAL_WRITABLE {
                    self.simple(*field)?;
                }
                Object::Other
            }
            Field::LocalDate => Object::Text(self.local_date()?),
            Field::LocalTime => Object::Text(self.local_time()?),
            Field::LocalDateTime => Object::Text(self.local_date_time()?),
            _ => {
                self.input.count()?;
                Object::Other
            }
        };
        Ok(Value::Object(place))
    }

    /// Kryo 3 writes the fields of Java's class, Kryo 5 the parts of the date.
    fn local_date(&mut self) -> Result<String> {
        let input = &mut self.input;
        let (year, month, day) = match self.client.version {
            Version::Three => {
                let (day, month) = (input.short()?, input.short()?);
                (input.int()?, month, day)
            }
            Version::Five => (input.count()? as i32, i16::from(input.byte()?), i16::from(input.byte()?)),
        };
        Ok(format!("{year:04}-{month:02}-{day:02}"))
    }

    fn local_time(&mut self) -> Result<String> {
        let input = &mut self.input;
        let (mut hour, mut minute, mut second, mut nano) = (input.byte()? as i8, 0, 0, 0);
        match self.client.version {
            Version::Three => {
                minute = input.byte()? as i8;
                nano = input.int()?;
                second = input.byte()? as i8;
            }
            // The last part that is not zero is written negated.
            Version::Five if hour < 0 => hour = !hour,
            Version::Five => {
                minute = input.byte()? as i8;
                if minute < 0 {
                    minute = !minute;
                } else {
                    second = input.byte()? as i8;
                    if second < 0 {
                        second = !second;
                    } else {
                        nano = input.count()? as i32;
                    }
                }
            }
        }
        let fraction = if nano == 0 { String::new() } else { format!(".{nano:09}") };
        Ok(format!("{hour:02}:{minute:02}:{second:02}{fraction}"))
    }

    fn local_date_time(&mut self) -> Result<String> {
        if self.client.version == Version::Five {
            return Ok(format!("{} {}", self.local_date()?, self.local_time()?));
        }
        let (date, time) = (self.known(Field::LocalDate)?, self.known(Field::LocalTime)?);
        match (text(&self.objects, date), text(&self.objects, time)) {
            (Some(date), Some(time)) => Ok(format!("{date} {time}")),
            _ => malformed("a timestamp in it has no date or no time"),
        }
    }
}
