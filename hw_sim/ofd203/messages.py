"""The messages of data protocol 2.0.3 as a table of text: one line per message or enumeration.

    NAME | NUMBER FIELD TYPE | ...      "!" after the type: required, "*": repeated, nothing: optional

Source: published definitions, github texport/ofd-kt-proto, proto-v203/src/main/proto. Two departures: `command` is a
plain number, so that a command nobody knows can be answered with code 4, and the operator of a ticket is optional here,
so that its absence can be answered like that of the other mandatory parameters.
"""

ENUMS = """
CommandTypeEnum | 0 COMMAND_SYSTEM | 1 COMMAND_TICKET | 2 COMMAND_CLOSE_SHIFT | 3 COMMAND_REPORT
                | 4 COMMAND_NOMENCLATURE | 5 COMMAND_INFO | 6 COMMAND_MONEY_PLACEMENT | 7 COMMAND_CANCEL_TICKET
                | 8 COMMAND_AUTH | 127 COMMAND_RESERVED
OperationTypeEnum | 0 OPERATION_BUY | 1 OPERATION_BUY_RETURN | 2 OPERATION_SELL | 3 OPERATION_SELL_RETURN
PaymentTypeEnum | 0 PAYMENT_CASH | 1 PAYMENT_CARD | 2 PAYMENT_CREDIT | 3 PAYMENT_TARE | 4 PAYMENT_MOBILE
DomainTypeEnum | 0 DOMAIN_TRADING | 1 DOMAIN_SERVICES | 2 DOMAIN_GASOIL | 3 DOMAIN_HOTELS | 4 DOMAIN_TAXI
               | 5 DOMAIN_PARKING
MoneyPlacementEnum | 0 MONEY_PLACEMENT_DEPOSIT | 1 MONEY_PLACEMENT_WITHDRAWAL
ReportTypeEnum | 0 REPORT_Z | 1 REPORT_X
UserRoleEnum | 1 USER_ROLE_PAYMASTER | 2 USER_ROLE_CHIEF_PAYMASTER | 3 USER_ROLE_ADMINISTRATOR
TicketAdTypeEnum | 0 TICKET_AD_OFD | 1 TICKET_AD_ORG | 2 TICKET_AD_POS | 3 TICKET_AD_KKM | 4 TICKET_AD_INFO
ItemTypeEnum | 1 ITEM_TYPE_COMMODITY | 2 ITEM_TYPE_STORNO_COMMODITY | 3 ITEM_TYPE_MARKUP | 4 ITEM_TYPE_STORNO_MARKUP
             | 5 ITEM_TYPE_DISCOUNT | 6 ITEM_TYPE_STORNO_DISCOUNT
AuthResultEnum | 0 RESULT_TYPE_OK | 1 RESULT_TYPE_INVALID_LOGIN_PASSWORD
ElementTypeEnum | 0 GROUP | 1 ITEM
TaxTypeEnum | 100 VAT
TaxationTypeEnum | 100 STS | 101 RTS | 102 TRFF | 103 TRBP
NomenclatureResultEnum | 0 RESULT_TYPE_OK | 1 RESULT_TYPE_VERSION_IS_ACTUAL | 2 RESULT_TYPE_NO_VERSION
                       | 3 RESULT_TYPE_ELEMENT_NOT_FOUND_BY_BARCODE
"""

COMMON = """
Date | 1 year uint32! | 2 month uint32! | 3 day uint32!
Time | 1 hour uint32! | 2 minute uint32! | 3 second uint32
DateTime | 1 date Date! | 2 time Time!
Money | 1 bills uint64! | 2 coins uint32!
Operator | 1 code uint32! | 2 name string
KeyValuePair | 1 key string! | 2 value string
TicketAdInfo | 1 type TicketAdTypeEnum! | 2 version uint64!
TicketAd | 1 info TicketAdInfo! | 2 text string!
Result | 1 result_code uint32! | 2 result_text string
Request | 1 command uint32! | 2 ticket TicketRequest | 3 close_shift CloseShiftRequest | 4 report ReportRequest
        | 5 nomenclature NomenclatureRequest | 6 service ServiceRequest | 7 money_placement MoneyPlacementRequest
        | 8 auth AuthRequest
Response | 1 command uint32! | 2 result Result! | 3 ticket TicketResponse | 4 report ReportResponse
         | 5 nomenclature NomenclatureResponse | 6 service ServiceResponse | 7 auth AuthResponse
AuthRequest | 1 login string! | 2 password string!
AuthResponse | 1 result AuthResultEnum! | 2 operator_code uint32 | 3 operator_name string | 4 roles UserRoleEnum*
"""

TICKET = """
TicketTax | 1 tax_type uint32! | 2 taxation_type uint32 | 3 percent uint32! | 4 sum Money! | 5 is_in_total_sum bool!
Modifier | 1 name string | 2 sum Money! | 3 taxes TicketTax* | 4 auxiliary KeyValuePair*
Commodity | 1 code uint64 | 2 name string | 3 section_code string! | 4 quantity uint64! | 5 price Money! | 6 sum Money!
          | 7 taxes TicketTax* | 8 excise_stamp string | 9 auxiliary KeyValuePair* | 10 physical_label string
          | 11 product_id string | 12 barcode string | 13 measure_unit_code string | 14 list_excise_stamp string*
          | 15 ntin string
StornoCommodity | 1 name string | 2 section_code string! | 3 quantity uint64! | 4 price Money! | 5 sum Money!
                | 6 taxes TicketTax* | 7 excise_stamp string | 8 auxiliary KeyValuePair* | 9 physical_label string
                | 10 product_id string | 11 barcode string | 12 measure_unit_code string
                | 13 list_excise_stamp string* | 14 ntin string
Item | 1 type ItemTypeEnum! | 2 commodity Commodity | 3 storno_commodity StornoCommodity | 4 markup Modifier
     | 5 storno_markup Modifier | 6 discount Modifier | 7 storno_discount Modifier
Services | 1 account_number string!
GasOil | 1 correction_number string | 2 correction_sum Money | 3 card_number string
Taxi | 1 car_number string! | 2 is_order bool! | 3 current_fee Money!
Parking | 1 begin_time DateTime! | 2 end_time DateTime!
Domain | 1 type DomainTypeEnum | 2 services Services | 3 gasoil GasOil | 4 taxi Taxi | 5 parking Parking
ExtensionOptions | 1 customer_email string | 2 customer_phone string | 3 auxiliary KeyValuePair*
                 | 4 customer_iin_or_bin string
CardPaymentFields | 1 pos_terminal_id string | 2 pos_card_type string | 3 pos_autorization_code uint32
                  | 4 pos_rrn uint64 | 5 pos_receipt_number uint32
MobilePaymentFields | 1 qr_type string | 2 qr_id string
Payment | 1 type PaymentTypeEnum! | 2 sum Money! | 3 card_payment_fields CardPaymentFields
        | 4 mobile_payment_fields MobilePaymentFields
Amounts | 1 total Money! | 2 taken Money | 3 change Money | 4 markup Modifier | 5 discount Modifier
ParentTicket | 1 parent_ticket_number string! | 2 parent_ticket_data_time DateTime! | 3 kgd_kkm_id string!
             | 4 parent_ticket_total Money! | 5 parent_ticket_is_offline bool!
TicketRequest | 1 operation OperationTypeEnum! | 2 date_time DateTime! | 3 operator Operator | 4 domain Domain
              | 5 items Item* | 6 payments Payment* | 7 taxes TicketTax* | 8 amounts Amounts!
              | 9 extension_options ExtensionOptions | 10 offline_ticket_number uint32
              | 11 printed_document_number_old string | 12 printed_ticket string | 13 ad_infos TicketAdInfo*
              | 14 fr_shift_number uint32 | 15 shift_document_number uint32 | 16 printed_document_number uint64
              | 17 parent_ticket ParentTicket
TicketResponse | 1 ticket_number string! | 2 qr_code bytes
"""

REPORTS = """
CloseShiftRequest | 1 close_time DateTime! | 2 is_offline bool | 3 fr_shift_number uint32 | 4 withdraw_money bool
                  | 5 z_report ZXReport | 6 operator Operator | 7 printed_document_number uint64
MoneyPlacementRequest | 1 datetime DateTime! | 2 operation MoneyPlacementEnum! | 3 sum Money! | 4 is_offline bool
                      | 5 fr_shift_number uint32 | 6 printed_document_number uint64 | 7 operator Operator
ReportRequest | 1 report ReportTypeEnum! | 2 date_time DateTime! | 3 is_offline bool | 4 zx_report ZXReport
ReportResponse | 1 report ReportTypeEnum! | 2 zx_report ZXReport
Operation | 1 operation OperationTypeEnum! | 2 count uint32! | 3 sum Money!
Section | 1 section_code string! | 2 operations Operation*
TaxOperation | 1 operation OperationTypeEnum! | 2 turnover Money! | 3 sum Money! | 4 turnover_without_tax Money
ReportTax | 1 tax_type uint32! | 2 percent uint32! | 3 operations TaxOperation*
NonNullableSum | 1 operation OperationTypeEnum! | 2 sum Money!
ReportPayment | 1 payment PaymentTypeEnum! | 2 sum Money! | 3 count uint32
TicketOperation | 1 operation OperationTypeEnum! | 2 tickets_total_count uint32! | 3 tickets_count uint32!
                | 4 tickets_sum Money! | 5 payments ReportPayment* | 6 offline_count uint32 | 7 discount_sum Money
                | 8 markup_sum Money | 9 change_sum Money
MoneyPlacement | 1 operation MoneyPlacementEnum! | 2 operations_total_count uint32! | 3 operations_count uint32!
               | 4 operations_sum Money! | 5 offline_count uint32
AnnulledTickets | 1 annulled_tickets_total_count uint32! | 2 annulled_tickets_count uint32!
                | 3 annulled_operations Operation*
Revenue | 1 sum Money! | 2 is_negative bool!
ZXReport | 1 date_time DateTime! | 2 shift_number uint32! | 3 sections Section* | 4 operations Operation*
         | 5 discounts Operation* | 6 markups Operation* | 7 total_result Operation* | 8 taxes ReportTax*
         | 9 start_shift_non_nullable_sums NonNullableSum* | 10 ticket_operations TicketOperation*
         | 11 money_placements MoneyPlacement* | 12 annulled_tickets AnnulledTickets | 13 cash_sum Money!
         | 14 revenue Revenue! | 15 non_nullable_sums NonNullableSum* | 16 open_shift_time DateTime
         | 17 close_shift_time DateTime | 18 checksum string
"""

SERVICE = """
CommQuality | 1 avg_connect_time uint32! | 2 avg_ping uint32 | 3 loss_ratio uint32
GeoPosition | 1 latitude int32! | 2 longitude int32! | 3 source string
SecurityStats | 1 geo_position GeoPosition | 2 os_version string
OfflinePeriod | 1 begin_time DateTime! | 2 end_time DateTime!
DeviceInformation | 1 manufacturer string | 2 model string | 3 firmware_version string
ModuleInformation | 1 name string! | 2 version string! | 3 build_info string | 4 device_info DeviceInformation
                  | 5 extended_info KeyValuePair* | 6 build_arch string
SoftwareInformation | 1 module_infos ModuleInformation* | 2 hardware_arch string | 3 os_family string
                    | 4 os_version string | 5 os_extended_info string | 6 runtime_version string | 7 partner_id uint32
KkmRegInfo | 1 point_of_payment_number string | 2 terminal_number string | 3 fns_kkm_id string
           | 4 serial_number string | 5 kkm_id string
PosRegInfo | 1 title string | 2 address string | 3 address_kz string | 4 latitude uint32 | 5 longitude uint32
OrgRegInfo | 1 title string | 2 address string | 3 inn string | 4 taxation_type uint32 | 5 okved string
           | 6 address_kz string | 7 tenantId int32
RequestRegInfo | 1 kkm KkmRegInfo | 2 org OrgRegInfo
ServiceRequest | 1 comm_quality CommQuality | 3 security_stats SecurityStats | 4 offline_period OfflinePeriod
               | 5 nomenclature_version uint32 | 6 ticket_ad_infos TicketAdInfo* | 7 get_reg_info bool
               | 8 get_binded_taxation bool | 9 marker uint64 | 10 software_information_old bytes
               | 11 software_information SoftwareInformation | 12 reg_info RequestRegInfo | 60 auxiliary KeyValuePair*
ResponseRegInfo | 1 kkm KkmRegInfo | 2 pos PosRegInfo | 3 org OrgRegInfo
BindedTax | 1 tax_type uint32! | 2 percent uint32!
BindedTaxation | 1 taxation_type uint32! | 2 taxes BindedTax*
LastDocumentInfo | 1 fr_shift_number uint32! | 2 printed_document_number uint64
ServiceResponse | 1 ticket_ads TicketAd* | 2 reg_info ResponseRegInfo | 3 binded_taxation BindedTaxation
                | 4 last_document_info LastDocumentInfo | 30 auxiliary KeyValuePair*
"""

NOMENCLATURE = """
NomenclatureRequest | 1 current_version uint32 | 2 barcode string
GoodsTax | 1 taxation_type TaxationTypeEnum! | 2 tax_type TaxTypeEnum! | 3 tax_percent uint32!
Goods | 1 article string | 2 barcode string | 3 description string | 6 purchase_price Money | 7 sell_price Money
      | 8 discount_percent uint32 | 9 discount_sum Money | 10 markup_percent uint32 | 11 markup_sum Money
      | 12 taxes GoodsTax* | 13 measure_count uint32 | 14 measure_title string | 15 measure_fractional bool
      | 16 measure_unit_code string | 17 ntin string | 18 is_markedeac bool | 19 is_social bool
Element | 1 type ElementTypeEnum! | 3 title string! | 4 parent_group_id uint64 | 5 id uint64! | 6 item Goods
        | 7 title_kk string
NomenclatureResponse | 1 version uint32! | 2 created_time DateTime | 3 elements Element*
                     | 4 result NomenclatureResultEnum!
"""
