//! Resource policies: who else may use the catalog, or a part of it. They are kept as they are written; who may do what is
//! not decided by them here.

use propolis_glue_api::Timestamp;
use propolis_glue_api::types::{
    DeleteResourcePolicyRequest, DeleteResourcePolicyResponse, ExistCondition, GetResourcePoliciesRequest,
    GetResourcePoliciesResponse, GetResourcePolicyRequest, GetResourcePolicyResponse, GluePolicy,
    PutResourcePolicyRequest, PutResourcePolicyResponse,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::call::Call;
use super::super::error::{Exception, Failure, Result};
use super::super::page::Page;
use super::kept::{Kept, Which, text};
use crate::model::Resource;

const POLICY: Kept =
    Kept { kind: "resourcePolicy", missing: "Policy not found", exists: "Policy already exists", parts: &[] };

const WHOLE_CATALOG: &str = "catalog";

pub async fn put_resource_policy(call: &Call, input: PutResourcePolicyRequest) -> Result<PutResourcePolicyResponse> {
    let resource = resource(call, input.resource_arn.as_deref())?;
    check(&input.policy_in_json)?;
    let hash = hash(&input.policy_in_json);
    let mut document = Map::new();
    document.insert("PolicyInJson".to_owned(), json!(input.policy_in_json));
    document.insert("PolicyHash".to_owned(), json!(hash));
    document.insert("EnableHybrid".to_owned(), json!(input.enable_hybrid));

    let condition = Condition {
        exists: input.policy_exists_condition.unwrap_or(ExistCondition::None),
        hash: input.policy_hash_condition,
        strict: call.settings.strict,
    };
    let key = POLICY.key(call, resource);
    let change = |stored: Resource| -> Result<_> { condition.check(Some(&stored)).map(|()| document.clone()) };
    if call.catalog.update_resource(&key, change).await?.is_none() {
        condition.check(None)?;
        // Where somebody else was quicker, this is the error.
        POLICY.create(call, resource, document, &Default::default()).await?;
    }
    Ok(PutResourcePolicyResponse { policy_hash: Some(hash) })
}

/// Where there is none the answer is empty, as the service's is.
pub async fn get_resource_policy(call: &Call, input: GetResourcePolicyRequest) -> Result<GetResourcePolicyResponse> {
    let resource = resource(call, input.resource_arn.as_deref())?;
    let Some(stored) = call.catalog.resource(&POLICY.key(call, resource)).await? else {
        return Ok(GetResourcePolicyResponse::default());
    };
    let policy = answered(stored);
    Ok(GetResourcePolicyResponse {
        policy_in_json: policy.policy_in_json,
        policy_hash: policy.policy_hash,
        create_time: policy.create_time,
        update_time: policy.update_time,
    })
}

pub async fn get_resource_policies(
    call: &Call,
    input: GetResourcePoliciesRequest,
) -> Result<GetResourcePoliciesResponse> {
    let page = Page::read(input.next_token.as_deref(), input.max_results, 100)?;
    let (stored, next_token) = POLICY.list(call, &Which { page, tags: Default::default() }).await?;
    Ok(GetResourcePoliciesResponse {
        get_resource_policies_response_list: Some(stored.into_iter().map(answered).collect()),
        next_token,
    })
}

pub async fn delete_resource_policy(
    call: &Call,
    input: DeleteResourcePolicyRequest,
) -> Result<DeleteResourcePolicyResponse> {
    let resource = resource(call, input.resource_arn.as_deref())?;
    let condition =
        Condition { exists: ExistCondition::None, hash: input.policy_hash_condition, strict: call.settings.strict };
    let check = |stored: &Resource| condition.check(Some(stored));
    if !call.catalog.delete_resource(&POLICY.key(call, resource), &[], check).await? {
        return Err(POLICY.not_found(resource));
    }
    Ok(DeleteResourcePolicyResponse {})
}

/// What a policy is for: `catalog`, `database/d`, `table/d/t`. Region and account of the ARN are those of the caller.
fn resource<'a>(call: &Call, arn: Option<&'a str>) -> Result<&'a str> {
    arn.map_or(Ok(WHOLE_CATALOG), |arn| call.arn_resource(arn))
}

fn answered(stored: Resource) -> GluePolicy {
    GluePolicy {
        policy_in_json: Some(text(&stored.document, "PolicyInJson").to_owned()),
        policy_hash: Some(text(&stored.document, "PolicyHash").to_owned()),
        create_time: Some(Timestamp(stored.created_at)),
        update_time: Some(Timestamp(stored.updated_at)),
    }
}

fn hash(policy: &str) -> String {
    Sha256::digest(policy).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A policy is an object with statements, each of which allows or denies something.
fn check(policy: &str) -> Result<()> {
    let invalid = |what: String| Err(Exception::invalid_input(format!("PolicyInJson {what}")).into());
    let policy: Value = match serde_json::from_str(policy) {
        Ok(policy) => policy,
        Err(error) => return invalid(format!("is not valid JSON: {error}")),
    };
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        _ => return invalid("has no Statement: a policy is an object with a list of them".to_owned()),
    };
    for (at, statement) in statements.iter().enumerate() {
        if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
            return invalid(format!("has a Statement, number {}, whose Effect is neither Allow nor Deny", at + 1));
        }
        if statement.get("Action").or_else(|| statement.get("NotAction")).is_none() {
            return invalid(format!("has a Statement, number {}, without an Action", at + 1));
        }
    }
    Ok(())
}

/// What must be so for a policy to be written or deleted.
struct Condition {
    exists: ExistCondition,
    hash: Option<String>,
    /// The service answers ConditionCheckFailureException. Its imitations that software is tested with answer others, which
    /// is what is done here too unless the service itself is to be imitated.
    strict: bool,
}

impl Condition {
    fn check(&self, stored: Option<&Resource>) -> Result<()> {
        match (self.exists, stored) {
            (ExistCondition::MustExist, None) => {
                return Err(self.failed("ResourceNumberLimitExceededException", "There is no policy to replace"));
            }
            (ExistCondition::NotExist, Some(_)) => {
                return Err(self.failed("ResourceNumberLimitExceededException", "There is a policy already"));
            }
            _ => {}
        }
        let Some(hash) = &self.hash else { return Ok(()) };
        if stored.is_some_and(|stored| text(&stored.document, "PolicyHash") == hash) {
            return Ok(());
        }
        Err(self.failed("ConcurrentModificationException", "The policy is not the one of the PolicyHashCondition"))
    }

    fn failed(&self, code: &'static str, message: &str) -> Failure {
        let code = if self.strict { "ConditionCheckFailureException" } else { code };
        Exception::new(code, format!("{message}. Nothing was changed.")).into()
    }
}
