//! Resource plans.

mod parts;

use propolis_thrift::{FastStr, args, types};

use crate::catalog::resource_plans::{AlterResourcePlan, Replaced};
use crate::error::CatalogError;
use crate::hms::call::{Call, required};
use crate::hms::convert::resource_plans::{namespace, plan_changes, status, wire_full_plan, wire_plan, wire_triggers};
use crate::hms::convert::wire_list;
use crate::hms::error::Result;
use crate::model::name::fold;
use crate::model::resource_plan::{ResourcePlanName, ResourcePlanStatus};

pub use parts::*;

pub async fn create_resource_plan(
    call: &Call,
    args: args::CreateResourcePlan,
) -> Result<types::WmCreateResourcePlanResponse> {
    let request = required(args.request, "request")?;
    let sent = required(request.resource_plan, "resource plan")?;
    let name = plan_name(call, Some(sent.name), sent.ns.as_ref())?;
    let copied = request.copy_from.map(|name| fold(&name));
    call.catalog.create_resource_plan(&call.caller(), name, sent.query_parallelism, copied.as_deref()).await?;
    Ok(types::WmCreateResourcePlanResponse {})
}

pub async fn get_resource_plan(call: &Call, args: args::GetResourcePlan) -> Result<types::WmGetResourcePlanResponse> {
    let request = required(args.request, "request")?;
    let name = plan_name(call, request.resource_plan_name, request.ns.as_ref())?;
    let plan = call.catalog.get_resource_plan(&name).await?;
    Ok(types::WmGetResourcePlanResponse { resource_plan: Some(wire_full_plan(&plan)) })
}

pub async fn get_active_resource_plan(
    call: &Call,
    args: args::GetActiveResourcePlan,
) -> Result<types::WmGetActiveResourcePlanResponse> {
    let request = required(args.request, "request")?;
    let plan = call.catalog.active_resource_plan(&namespace(request.ns.as_ref())).await?;
    Ok(types::WmGetActiveResourcePlanResponse { resource_plan: plan.as_ref().map(wire_full_plan) })
}

pub async fn get_all_resource_plans(
    call: &Call,
    args: args::GetAllResourcePlans,
) -> Result<types::WmGetAllResourcePlanResponse> {
    let request = required(args.request, "request")?;
    let plans = call.catalog.resource_plans(&namespace(request.ns.as_ref())).await?;
    Ok(types::WmGetAllResourcePlanResponse { resource_plans: Some(plans.iter().map(wire_plan).collect()) })
}

/// The whole plan comes back where it has become the active one.
pub async fn alter_resource_plan(
    call: &Call,
    args: args::AlterResourcePlan,
) -> Result<types::WmAlterResourcePlanResponse> {
    let request = required(args.request, "request")?;
    let changes = required(request.resource_plan, "changed resource plan")?;
    let flags = [request.is_enable_and_activate, request.is_force_deactivate, request.is_replace];
    let [enable_and_activate, force_deactivate, replace] = flags.map(Option::unwrap_or_default);
    if [enable_and_activate, force_deactivate, replace].into_iter().filter(|flag| *flag).count() > 1 {
        return Err(CatalogError::invalid_input(
            "A resource plan can be activated, deactivated or replace another, but one at a time",
        )
        .into());
    }
    let name = request.resource_plan_name.map(|name| fold(&name));
    let how = if replace {
        if name.is_none() {
            return Err(CatalogError::invalid_operation("Name the resource plan that replaces another").into());
        }
        AlterResourcePlan::Replace(replaced(changes)?)
    } else {
        AlterResourcePlan::Change { changes: plan_changes(changes)?, enable_and_activate, force_deactivate }
    };
    let namespace = namespace(request.ns.as_ref());
    let activated = call.catalog.alter_resource_plan(&call.caller(), &namespace, name.as_deref(), how).await?;
    Ok(types::WmAlterResourcePlanResponse { full_resource_plan: activated.as_ref().map(wire_full_plan) })
}

/// The replaced plan is named, or is the active one: exactly one of the two, and nothing else changes.
fn replaced(changes: types::WmNullableResourcePlan) -> Result<Replaced, CatalogError> {
    if changes.query_parallelism.is_some() || changes.default_pool_path.is_some() {
        return Err(CatalogError::invalid_operation("A resource plan cannot change while it replaces another"));
    }
    let of_active = changes.status.map(status).transpose()? == Some(ResourcePlanStatus::Active);
    match (changes.name, of_active) {
        (None, true) => Ok(Replaced::Active),
        (Some(name), false) => Ok(Replaced::Named(fold(&name))),
        _ => Err(CatalogError::invalid_operation("A resource plan replaces either a named one or the active one")),
    }
}

pub async fn validate_resource_plan(
    call: &Call,
    args: args::ValidateResourcePlan,
) -> Result<types::WmValidateResourcePlanResponse> {
    let request = required(args.request, "request")?;
    let name = plan_name(call, request.resource_plan_name, request.ns.as_ref())?;
    let found = call.catalog.validate_resource_plan(&name).await?;
    Ok(types::WmValidateResourcePlanResponse {
        errors: Some(wire_list(&found.errors)),
        warnings: Some(wire_list(&found.warnings)),
    })
}

pub async fn drop_resource_plan(
    call: &Call,
    args: args::DropResourcePlan,
) -> Result<types::WmDropResourcePlanResponse> {
    let request = required(args.request, "request")?;
    let name = plan_name(call, request.resource_plan_name, request.ns.as_ref())?;
    call.catalog.drop_resource_plan(&call.caller(), &name).await?;
    Ok(types::WmDropResourcePlanResponse {})
}

pub async fn get_triggers_for_resourceplan(
    call: &Call,
    args: args::GetTriggersForResourceplan,
) -> Result<types::WmGetTriggersForResourePlanResponse> {
    let request = required(args.request, "request")?;
    let name = plan_name(call, request.resource_plan_name, request.ns.as_ref())?;
    let plan = call.catalog.get_resource_plan(&name).await?;
    Ok(types::WmGetTriggersForResourePlanResponse { triggers: Some(wire_triggers(&plan)) })
}

fn plan_name(call: &Call, name: Option<FastStr>, ns: Option<&FastStr>) -> Result<ResourcePlanName> {
    let name = ResourcePlanName { namespace: namespace(ns), name: fold(&required(name, "resource plan's name")?) };
    call.about(&name);
    Ok(name)
}
