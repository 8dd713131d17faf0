//! Views in several dialects: changes of some of them.

use propolis_glue_api::types::{TableInput, ViewDefinitionInput, ViewRepresentationInput, ViewUpdateAction};

use crate::glue::convert::tables::input;
use crate::glue::error::{Exception, Result};
use crate::model::Table;

/// The stored definition of a view with the representations that were sent added, replaced or dropped. What else is sent
/// must agree with what is stored, unless `force` is set, and then replaces it.
pub fn update(before: &Table, sent: TableInput, action: ViewUpdateAction, force: bool) -> Result<TableInput> {
    let mut view = input(before);
    let Some(mut definition) = view.view_definition.take() else {
        let message = format!("Table {} is no view in dialects: leave ViewUpdateAction out", before.name.table);
        return Err(Exception::invalid_input(message).into());
    };
    let Some(sent_definition) = sent.view_definition else {
        return Err(Exception::invalid_input("ViewUpdateAction needs TableInput.ViewDefinition").into());
    };
    agree("StorageDescriptor", &mut view.storage_descriptor, sent.storage_descriptor, force)?;
    agree("SubObjects", &mut definition.sub_objects, sent_definition.sub_objects.clone(), force)?;
    view.view_original_text = sent.view_original_text.or(view.view_original_text);
    view.view_expanded_text = sent.view_expanded_text.or(view.view_expanded_text);
    let stored = definition.representations.take().unwrap_or_default();
    let changed = change(stored, sent_definition.representations.clone().unwrap_or_default(), action)?;
    view.view_definition =
        Some(ViewDefinitionInput { representations: Some(changed), ..merged(definition, sent_definition) });
    Ok(view)
}

fn change(
    mut stored: Vec<ViewRepresentationInput>,
    sent: Vec<ViewRepresentationInput>,
    action: ViewUpdateAction,
) -> Result<Vec<ViewRepresentationInput>> {
    if sent.is_empty() {
        return Err(Exception::invalid_input("ViewDefinition.Representations is empty: say which dialect").into());
    }
    for one in sent {
        let dialect = one.dialect.ok_or_else(|| Exception::invalid_input("A representation has no Dialect"))?;
        let at = stored.iter().position(|other| other.dialect == Some(dialect));
        match (at, action) {
            (Some(_), ViewUpdateAction::Add) => {
                return Err(Exception::already_exists(format!("The view has the dialect {dialect} already")).into());
            }
            (None, ViewUpdateAction::Replace | ViewUpdateAction::Drop) => {
                return Err(Exception::not_found(format!("The view has no dialect {dialect}")).into());
            }
            (Some(at), ViewUpdateAction::Drop) => {
                stored.remove(at);
            }
            (Some(at), ViewUpdateAction::Replace | ViewUpdateAction::AddOrReplace) => stored[at] = one,
            (None, ViewUpdateAction::Add | ViewUpdateAction::AddOrReplace) => stored.push(one),
        }
    }
    if stored.is_empty() {
        return Err(Exception::invalid_input("A view keeps one dialect at least: delete the table instead").into());
    }
    Ok(stored)
}

/// What is sent, where something is.
fn merged(stored: ViewDefinitionInput, sent: ViewDefinitionInput) -> ViewDefinitionInput {
    ViewDefinitionInput {
        is_protected: sent.is_protected.or(stored.is_protected),
        is_managed: sent.is_managed.or(stored.is_managed),
        definer: sent.definer.or(stored.definer),
        view_version_id: sent.view_version_id.or(stored.view_version_id),
        view_version_token: sent.view_version_token.or(stored.view_version_token),
        refresh_seconds: sent.refresh_seconds.or(stored.refresh_seconds),
        last_refresh_type: sent.last_refresh_type.or(stored.last_refresh_type),
        sub_object_version_ids: sent.sub_object_version_ids.or(stored.sub_object_version_ids),
        sub_objects_statistics: sent.sub_objects_statistics.or(stored.sub_objects_statistics),
        spark_pipeline_info: sent.spark_pipeline_info.or(stored.spark_pipeline_info),
        ..stored
    }
}

fn agree<T: PartialEq>(what: &str, stored: &mut Option<T>, sent: Option<T>, force: bool) -> Result<()> {
    match sent {
        None => Ok(()),
        Some(sent) if force || stored.as_ref() == Some(&sent) => {
            *stored = Some(sent);
            Ok(())
        }
        Some(_) => Err(Exception::invalid_input(format!(
            "{what} is not that of the view: all dialects of a view agree on it; set Force to replace it"
        ))
        .into()),
    }
}
