//! Pools, triggers and mappings of a plan.

use propolis_thrift::{args, types};

use super::plan_name;
use crate::hms::call::{Call, required};
use crate::hms::convert::resource_plans::{mapping, pool, pool_changes, trigger, trigger_changes};
use crate::hms::error::Result;
use crate::model::name::fold;
use crate::model::resource_plan::PoolTrigger;

pub async fn create_wm_pool(call: &Call, args: args::CreateWmPool) -> Result<types::WmCreatePoolResponse> {
    let sent = required(required(args.request, "request")?.pool, "pool")?;
    let plan = plan_name(call, Some(sent.resource_plan_name.clone()), sent.ns.as_ref())?;
    call.catalog.create_pool(&call.caller(), &plan, pool(sent)).await?;
    Ok(types::WmCreatePoolResponse {})
}

pub async fn alter_wm_pool(call: &Call, args: args::AlterWmPool) -> Result<types::WmAlterPoolResponse> {
    let request = required(args.request, "request")?;
    let sent = required(request.pool, "pool")?;
    let path = fold(&required(request.pool_path, "pool's path")?);
    let plan = plan_name(call, Some(sent.resource_plan_name.clone()), sent.ns.as_ref())?;
    call.catalog.alter_pool(&call.caller(), &plan, &path, pool_changes(sent)).await?;
    Ok(types::WmAlterPoolResponse {})
}

pub async fn drop_wm_pool(call: &Call, args: args::DropWmPool) -> Result<types::WmDropPoolResponse> {
    let request = required(args.request, "request")?;
    let path = fold(&required(request.pool_path, "pool's path")?);
    let plan = plan_name(call, request.resource_plan_name, request.ns.as_ref())?;
    call.catalog.drop_pool(&call.caller(), &plan, &path).await?;
    Ok(types::WmDropPoolResponse {})
}

pub async fn create_wm_trigger(call: &Call, args: args::CreateWmTrigger) -> Result<types::WmCreateTriggerResponse> {
    let sent = required(required(args.request, "request")?.trigger, "trigger")?;
    let plan = plan_name(call, Some(sent.resource_plan_name.clone()), sent.ns.as_ref())?;
    call.catalog.create_trigger(&call.caller(), &plan, trigger(sent)).await?;
    Ok(types::WmCreateTriggerResponse {})
}

pub async fn alter_wm_trigger(call: &Call, args: args::AlterWmTrigger) -> Result<types::WmAlterTriggerResponse> {
    let sent = required(required(args.request, "request")?.trigger, "trigger")?;
    let plan = plan_name(call, Some(sent.resource_plan_name.clone()), sent.ns.as_ref())?;
    let name = fold(&sent.trigger_name);
    call.catalog.alter_trigger(&call.caller(), &plan, &name, trigger_changes(sent)).await?;
    Ok(types::WmAlterTriggerResponse {})
}

pub async fn drop_wm_trigger(call: &Call, args: args::DropWmTrigger) -> Result<types::WmDropTriggerResponse> {
    let request = required(args.request, "request")?;
    let name = fold(&required(request.trigger_name, "trigger's name")?);
    let plan = plan_name(call, request.resource_plan_name, request.ns.as_ref())?;
    call.catalog.drop_trigger(&call.caller(), &plan, &name).await?;
    Ok(types::WmDropTriggerResponse {})
}

pub async fn create_or_update_wm_mapping(
    call: &Call,
    args: args::CreateOrUpdateWmMapping,
) -> Result<types::WmCreateOrUpdateMappingResponse> {
    let request = required(args.request, "request")?;
    let sent = required(request.mapping, "mapping")?;
    let plan = plan_name(call, Some(sent.resource_plan_name.clone()), sent.ns.as_ref())?;
    let update = request.update.unwrap_or_default();
    call.catalog.put_mapping(&call.caller(), &plan, mapping(sent), update).await?;
    Ok(types::WmCreateOrUpdateMappingResponse {})
}

pub async fn drop_wm_mapping(call: &Call, args: args::DropWmMapping) -> Result<types::WmDropMappingResponse> {
    let sent = required(required(args.request, "request")?.mapping, "mapping")?;
    let plan = plan_name(call, Some(sent.resource_plan_name.clone()), sent.ns.as_ref())?;
    call.catalog.drop_mapping(&call.caller(), &plan, mapping(sent)).await?;
    Ok(types::WmDropMappingResponse {})
}

pub async fn create_or_drop_wm_trigger_to_pool_mapping(
    call: &Call,
    args: args::CreateOrDropWmTriggerToPoolMapping,
) -> Result<types::WmCreateOrDropTriggerToPoolMappingResponse> {
    let request = required(args.request, "request")?;
    let plan = plan_name(call, request.resource_plan_name, request.ns.as_ref())?;
    let pair = PoolTrigger {
        pool: fold(&required(request.pool_path, "pool's path")?),
        trigger: fold(&required(request.trigger_name, "trigger's name")?),
    };
    let drop = request.drop.unwrap_or_default();
    call.catalog.map_trigger_to_pool(&call.caller(), &plan, pair, drop).await?;
    Ok(types::WmCreateOrDropTriggerToPoolMappingResponse {})
}
