//! Constraints. The wire has an entry for each column; those of one constraint share its name.

use propolis_thrift::types::{
    SqlCheckConstraint, SqlDefaultConstraint, SqlForeignKey, SqlNotNullConstraint, SqlPrimaryKey, SqlUniqueConstraint,
};
use propolis_thrift::{FastStr, types};

use super::{text, wire, wire_option};
use crate::error::{CatalogError, Result};
use crate::hms::call::{Call, null};
use crate::model::constraint::Parent;
use crate::model::name::fold;
use crate::model::{Constraint, ConstraintKind};

/// What all kinds have.
struct Entry {
    catalog: Option<FastStr>,
    database: Option<FastStr>,
    table: Option<FastStr>,
    column: Option<FastStr>,
    name: Option<FastStr>,
    flags: [Option<bool>; 3],
}

impl Entry {
    fn constraint(self, call: &Call, kind: ConstraintKind) -> Result<Constraint> {
        let table = call.table_in(self.catalog.as_ref(), self.database, self.table).map_err(|failure| {
            // A name that is missing is told as any other object that cannot be stored.
            CatalogError::invalid_object(failure.message().to_owned())
        })?;
        let [enabled, validated, relied_on] = self.flags.map(Option::unwrap_or_default);
        Ok(Constraint {
            table,
            name: self.name.map(|name| fold(&name)).unwrap_or_default(),
            kind,
            columns: self.column.iter().map(|column| fold(column)).collect(),
            parent: None,
            expression: None,
            enabled,
            validated,
            relied_on,
        })
    }
}

macro_rules! entry {
    ($sent:ident, $name:ident) => {
        Entry {
            catalog: $sent.cat_name.clone(),
            database: $sent.table_db.clone(),
            table: $sent.table_name.clone(),
            column: $sent.column_name.clone(),
            name: $sent.$name.clone(),
            flags: [$sent.enable_cstr, $sent.validate_cstr, $sent.rely_cstr],
        }
    };
}

/// Puts columns together that belong to one constraint: those of one name, and where there is none, those that follow
/// a first column.
fn grouped(entries: Vec<(i32, Constraint)>) -> Vec<Constraint> {
    let mut groups: Vec<Vec<(i32, Constraint)>> = Vec::new();
    for (position, entry) in entries {
        let same = |group: &&mut Vec<(i32, Constraint)>| {
            let first = &group[0].1;
            first.table == entry.table && first.name == entry.name && (!entry.name.is_empty() || position > 1)
        };
        match groups.iter_mut().rev().find(same) {
            Some(group) => group.push((position, entry)),
            None => groups.push(vec![(position, entry)]),
        }
    }
    let merged = groups.into_iter().filter_map(|mut group| {
        group.sort_by_key(|(position, _)| *position);
        group.into_iter().map(|(_, entry)| entry).reduce(|mut all, next| {
            all.columns.extend(next.columns);
            if let (Some(parent), Some(next)) = (&mut all.parent, next.parent) {
                parent.columns.extend(next.columns);
            }
            all
        })
    });
    merged.collect()
}

pub fn primary_keys(call: &Call, sent: Vec<SqlPrimaryKey>) -> Result<Vec<Constraint>> {
    let entry = |sent: SqlPrimaryKey| {
        let constraint = entry!(sent, pk_name).constraint(call, ConstraintKind::PrimaryKey)?;
        Ok((sent.key_seq.unwrap_or_default(), constraint))
    };
    Ok(grouped(sent.into_iter().map(entry).collect::<Result<_>>()?))
}

pub fn unique_constraints(call: &Call, sent: Vec<SqlUniqueConstraint>) -> Result<Vec<Constraint>> {
    let entry = |sent: SqlUniqueConstraint| {
        let constraint = entry!(sent, uk_name).constraint(call, ConstraintKind::Unique)?;
        Ok((sent.key_seq.unwrap_or_default(), constraint))
    };
    Ok(grouped(sent.into_iter().map(entry).collect::<Result<_>>()?))
}

pub fn foreign_keys(call: &Call, sent: Vec<SqlForeignKey>) -> Result<Vec<Constraint>> {
    let entry = |sent: SqlForeignKey| {
        let own = Entry {
            catalog: sent.cat_name.clone(),
            database: sent.fktable_db,
            table: sent.fktable_name,
            column: sent.fkcolumn_name,
            name: sent.fk_name,
            flags: [sent.enable_cstr, sent.validate_cstr, sent.rely_cstr],
        };
        let parent = Entry {
            catalog: sent.cat_name,
            database: sent.pktable_db,
            table: sent.pktable_name,
            column: sent.pkcolumn_name,
            name: sent.pk_name,
            flags: [None; 3],
        };
        let parent = parent.constraint(call, ConstraintKind::PrimaryKey)?;
        let mut constraint = own.constraint(call, ConstraintKind::ForeignKey)?;
        constraint.parent = Some(Parent {
            table: parent.table,
            columns: parent.columns,
            key: Some(parent.name).filter(|name| !name.is_empty()),
            update_rule: sent.update_rule.unwrap_or_default(),
            delete_rule: sent.delete_rule.unwrap_or_default(),
        });
        Ok((sent.key_seq.unwrap_or_default(), constraint))
    };
    Ok(grouped(sent.into_iter().map(entry).collect::<Result<_>>()?))
}

pub fn not_null_constraints(call: &Call, sent: Vec<SqlNotNullConstraint>) -> Result<Vec<Constraint>> {
    sent.into_iter().map(|sent| entry!(sent, nn_name).constraint(call, ConstraintKind::NotNull)).collect()
}

pub fn default_constraints(call: &Call, sent: Vec<SqlDefaultConstraint>) -> Result<Vec<Constraint>> {
    let constraint = |sent: SqlDefaultConstraint| {
        let constraint = entry!(sent, dc_name).constraint(call, ConstraintKind::Default)?;
        let expression = text(sent.default_value).ok_or_else(|| null("default value"))?;
        Ok(Constraint { expression: Some(expression), ..constraint })
    };
    sent.into_iter().map(constraint).collect()
}

pub fn check_constraints(call: &Call, sent: Vec<SqlCheckConstraint>) -> Result<Vec<Constraint>> {
    let constraint = |sent: SqlCheckConstraint| {
        let constraint = entry!(sent, dc_name).constraint(call, ConstraintKind::Check)?;
        let expression = text(sent.check_expression).ok_or_else(|| null("check expression"))?;
        Ok(Constraint { expression: Some(expression), ..constraint })
    };
    sent.into_iter().map(constraint).collect()
}

pub fn wire_primary_key(key: &Constraint) -> Vec<SqlPrimaryKey> {
    let column = |(at, column): (usize, &String)| SqlPrimaryKey {
        table_db: Some(wire(&key.table.database)),
        table_name: Some(wire(&key.table.table)),
        column_name: Some(wire(column)),
        key_seq: Some(at as i32 + 1),
        pk_name: Some(wire(&key.name)),
        enable_cstr: Some(key.enabled),
        validate_cstr: Some(key.validated),
        rely_cstr: Some(key.relied_on),
        cat_name: Some(wire(&key.table.catalog)),
    };
    key.columns.iter().enumerate().map(column).collect()
}

pub fn wire_unique(unique: &Constraint) -> Vec<SqlUniqueConstraint> {
    let column = |(at, column): (usize, &String)| SqlUniqueConstraint {
        cat_name: Some(wire(&unique.table.catalog)),
        table_db: Some(wire(&unique.table.database)),
        table_name: Some(wire(&unique.table.table)),
        column_name: Some(wire(column)),
        key_seq: Some(at as i32 + 1),
        uk_name: Some(wire(&unique.name)),
        enable_cstr: Some(unique.enabled),
        validate_cstr: Some(unique.validated),
        rely_cstr: Some(unique.relied_on),
    };
    unique.columns.iter().enumerate().map(column).collect()
}

pub fn wire_foreign_key(key: &Constraint) -> Vec<SqlForeignKey> {
    let Some(parent) = &key.parent else { return Vec::new() };
    let column = |(at, (own, other)): (usize, (&String, &String))| SqlForeignKey {
        pktable_db: Some(wire(&parent.table.database)),
        pktable_name: Some(wire(&parent.table.table)),
        pkcolumn_name: Some(wire(other)),
        fktable_db: Some(wire(&key.table.database)),
        fktable_name: Some(wire(&key.table.table)),
        fkcolumn_name: Some(wire(own)),
        key_seq: Some(at as i32 + 1),
        update_rule: Some(parent.update_rule),
        delete_rule: Some(parent.delete_rule),
        fk_name: Some(wire(&key.name)),
        pk_name: wire_option(parent.key.as_ref()),
        enable_cstr: Some(key.enabled),
        validate_cstr: Some(key.validated),
        rely_cstr: Some(key.relied_on),
        cat_name: Some(wire(&key.table.catalog)),
    };
    key.columns.iter().zip(&parent.columns).enumerate().map(column).collect()
}

pub fn wire_not_null(constraint: &Constraint) -> SqlNotNullConstraint {
    SqlNotNullConstraint {
        cat_name: Some(wire(&constraint.table.catalog)),
        table_db: Some(wire(&constraint.table.database)),
        table_name: Some(wire(&constraint.table.table)),
        column_name: wire_option(constraint.columns.first()),
        nn_name: Some(wire(&constraint.name)),
        enable_cstr: Some(constraint.enabled),
        validate_cstr: Some(constraint.validated),
        rely_cstr: Some(constraint.relied_on),
    }
}

pub fn wire_default(constraint: &Constraint) -> SqlDefaultConstraint {
    SqlDefaultConstraint {
        cat_name: Some(wire(&constraint.table.catalog)),
        table_db: Some(wire(&constraint.table.database)),
        table_name: Some(wire(&constraint.table.table)),
        column_name: wire_option(constraint.columns.first()),
        default_value: wire_option(constraint.expression.as_ref()),
        dc_name: Some(wire(&constraint.name)),
        enable_cstr: Some(constraint.enabled),
        validate_cstr: Some(constraint.validated),
        rely_cstr: Some(constraint.relied_on),
    }
}

pub fn wire_check(constraint: &Constraint) -> SqlCheckConstraint {
    SqlCheckConstraint {
        cat_name: Some(wire(&constraint.table.catalog)),
        table_db: Some(wire(&constraint.table.database)),
        table_name: Some(wire(&constraint.table.table)),
        column_name: wire_option(constraint.columns.first()),
        check_expression: wire_option(constraint.expression.as_ref()),
        dc_name: Some(wire(&constraint.name)),
        enable_cstr: Some(constraint.enabled),
        validate_cstr: Some(constraint.validated),
        rely_cstr: Some(constraint.relied_on),
    }
}

/// All constraints of a table, each kind in a list of its own, which is there though empty.
pub fn wire_all(constraints: &[Constraint]) -> types::SqlAllTableConstraints {
    let of = |kind| constraints.iter().filter(move |constraint| constraint.kind == kind);
    types::SqlAllTableConstraints {
        primary_keys: Some(of(ConstraintKind::PrimaryKey).flat_map(wire_primary_key).collect()),
        foreign_keys: Some(of(ConstraintKind::ForeignKey).flat_map(wire_foreign_key).collect()),
        unique_constraints: Some(of(ConstraintKind::Unique).flat_map(wire_unique).collect()),
        not_null_constraints: Some(of(ConstraintKind::NotNull).map(wire_not_null).collect()),
        default_constraints: Some(of(ConstraintKind::Default).map(wire_default).collect()),
        check_constraints: Some(of(ConstraintKind::Check).map(wire_check).collect()),
    }
}
