//! How a catalog is encrypted, and where it is exported to. Of the settings only
//! `ConnectionPasswordEncryption.ReturnConnectionPasswordEncrypted` has an effect here: the database is encrypted by whoever runs
//! it, and passwords always are.

use propolis_glue_api::types::{
    CatalogEncryptionMode, ConnectionPasswordEncryption, DataCatalogEncryptionSettings, EncryptionAtRest,
    ExportSetting, ExportStatus, GetDataCatalogEncryptionSettingsRequest, GetDataCatalogEncryptionSettingsResponse,
    GetDataCatalogExportConfigurationInput, GetDataCatalogExportConfigurationOutput,
    PutDataCatalogEncryptionSettingsRequest, PutDataCatalogEncryptionSettingsResponse,
    PutDataCatalogExportConfigurationInput, PutDataCatalogExportConfigurationOutput,
};
use serde_json::{Value, from_value, to_value};

use super::super::call::Call;
use super::super::error::{Exception, Result};

const KIND: &str = "encryptionSettings";

pub async fn put_data_catalog_encryption_settings(
    call: &Call,
    input: PutDataCatalogEncryptionSettingsRequest,
) -> Result<PutDataCatalogEncryptionSettingsResponse> {
    let catalog = call.catalog_name(input.catalog_id.as_deref())?;
    let settings = input.data_catalog_encryption_settings;
    if let Some(at_rest) = &settings.encryption_at_rest
        && at_rest.catalog_encryption_mode == CatalogEncryptionMode::SseKmsWithServiceRole
        && at_rest.catalog_encryption_service_role.is_none()
    {
        return Err(Exception::invalid_input(
            "EncryptionAtRest: SSE-KMS-WITH-SERVICE-ROLE needs the CatalogEncryptionServiceRole",
        )
        .into());
    }
    if let Ok(Value::Object(document)) = to_value(&settings) {
        call.catalog.put_resource(&call.resource(KIND, &catalog), document).await?;
    }
    Ok(PutDataCatalogEncryptionSettingsResponse {})
}

pub async fn get_data_catalog_encryption_settings(
    call: &Call,
    input: GetDataCatalogEncryptionSettingsRequest,
) -> Result<GetDataCatalogEncryptionSettingsResponse> {
    let catalog = call.catalog_name(input.catalog_id.as_deref())?;
    Ok(GetDataCatalogEncryptionSettingsResponse {
        data_catalog_encryption_settings: Some(settings_of(call, &catalog).await?),
    })
}

/// Whether the passwords of connections are answered encrypted only.
pub async fn passwords_stay_encrypted(call: &Call) -> Result<bool> {
    let settings = settings_of(call, &call.default_catalog()).await?;
    Ok(settings.connection_password_encryption.is_some_and(|settings| settings.return_connection_password_encrypted))
}

/// Those of a catalog; what was never set has the service's defaults.
async fn settings_of(call: &Call, catalog: &str) -> Result<DataCatalogEncryptionSettings> {
    let stored = call.catalog.resource(&call.resource(KIND, catalog)).await?;
    let stored = stored.and_then(|stored| from_value(Value::Object(stored.document)).ok());
    let settings: DataCatalogEncryptionSettings = stored.unwrap_or_default();
    Ok(DataCatalogEncryptionSettings {
        encryption_at_rest: Some(settings.encryption_at_rest.unwrap_or(EncryptionAtRest {
            catalog_encryption_mode: CatalogEncryptionMode::Disabled,
            ..EncryptionAtRest::default()
        })),
        connection_password_encryption: Some(settings.connection_password_encryption.unwrap_or(
            ConnectionPasswordEncryption {
                return_connection_password_encrypted: false,
                ..ConnectionPasswordEncryption::default()
            },
        )),
    })
}

/// Nothing exports a catalog, so its export is off.
pub async fn get_data_catalog_export_configuration(
    _call: &Call,
    _input: GetDataCatalogExportConfigurationInput,
) -> Result<GetDataCatalogExportConfigurationOutput> {
    Ok(GetDataCatalogExportConfigurationOutput {
        export_setting: Some(ExportSetting::Disabled),
        status: Some(ExportStatus::Disabled),
        ..Default::default()
    })
}

/// Off it is; on it cannot be.
pub async fn put_data_catalog_export_configuration(
    _call: &Call,
    input: PutDataCatalogExportConfigurationInput,
) -> Result<PutDataCatalogExportConfigurationOutput> {
    if input.export_setting == ExportSetting::Enabled {
        return Err(Exception::not_supported(
            "ExportSetting ENABLED is not supported here: nothing exports a catalog into S3 tables. Nothing was changed.",
        )
        .into());
    }
    Ok(PutDataCatalogExportConfigurationOutput { export_setting: Some(ExportSetting::Disabled), ..Default::default() })
}
