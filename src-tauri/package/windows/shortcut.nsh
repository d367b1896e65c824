; The entry in the Start menu, with the id by which Windows knows the app: toasts have its name and icon from that entry,
; and the taskbar keeps its windows together. NSIS cannot write the id itself.
; Source: Microsoft, "Application User Model IDs"; the structures are of NSIS's own Win\Propkey.nsh.

!include Win\COM.nsh
!include Win\Propkey.nsh

Function WriteShortcut
  CreateShortcut "$SMPROGRAMS\${PRODUCT}.lnk" "$INSTDIR\${APP}" "" "$INSTDIR\${APP}" 0 SW_SHOWNORMAL "" "Keeps the model prices of LiteLLM proxies true"
  !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
  ${If} $0 P= 0
    Return
  ${EndIf}
  ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}", .r1)'
  ${If} $1 P<> 0
    ${IPersistFile::Load} $1 '("$SMPROGRAMS\${PRODUCT}.lnk", ${STGM_READWRITE})'
    ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}", .r2)'
    ${If} $2 P<> 0
      System::Call 'oleaut32::SysAllocString(w "${APP_ID}") p .r3'
      System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID}) p .r4'
      System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_BSTR}, , &i8 $3) p .r5'
      ${IPropertyStore::SetValue} $2 '($4, $5) .r6'
      System::Free $4
      System::Free $5
      System::Call 'oleaut32::SysFreeString(p r3)'
      ${If} $6 >= 0
        ${IPropertyStore::Commit} $2 ''
        ${IPersistFile::Save} $1 '("$SMPROGRAMS\${PRODUCT}.lnk", 1)'
      ${EndIf}
      ${IUnknown::Release} $2 ''
    ${EndIf}
    ${IUnknown::Release} $1 ''
  ${EndIf}
  ${IUnknown::Release} $0 ''
FunctionEnd
