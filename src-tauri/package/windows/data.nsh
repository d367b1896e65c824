; What the app has written. Its web view's cache and the place of its window go with it; settings, history and keys only
; when a person says so.

!define CREDENTIAL_OFFSET 8 ; of TargetName in CREDENTIALW
!define GENERIC 1 ; CRED_TYPE_GENERIC

Function un.RemoveData
  RMDir /r "$LOCALAPPDATA\${APP_ID}"
  RMDir /r "$APPDATA\${APP_ID}"
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/DATA" $R1
  ${If} ${Errors}
    ClearErrors
    ${IfNot} ${FileExists} "$LOCALAPPDATA\litellm-autosync\*.*"
      Return
    ${EndIf}
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "Remove your settings, the history of all syncs and the keys of your proxies too?$\r$\n$\r$\nThey are in $LOCALAPPDATA\litellm-autosync and in Windows' Credential Manager." /SD IDNO IDYES remove
    Return
  ${EndIf}
  remove:
  RMDir /r "$LOCALAPPDATA\litellm-autosync"
  Call un.RemoveKeys
FunctionEnd

; The keys are credentials named PROXY@HOME.litellm-autosync; those of another home stay.
Function un.RemoveKeys
  StrCpy $R8 "@$LOCALAPPDATA\litellm-autosync.litellm-autosync"
  StrLen $R7 $R8
  System::Call 'advapi32::CredEnumerateW(p 0, i 0, *i .r0, *p .r1) i .r2'
  ${If} $2 = 0
    Return
  ${EndIf}
  StrCpy $3 0
  ${DoWhile} $3 < $0
    IntOp $4 $3 * ${NSIS_PTR_SIZE}
    IntPtrOp $4 $1 + $4
    System::Call '*$4(p .r5)'
    IntPtrOp $5 $5 + ${CREDENTIAL_OFFSET}
    System::Call '*$5(w .r6)'
    StrCpy $7 $6 "" -$R7
    ${If} $7 == $R8
      System::Call 'advapi32::CredDeleteW(w r6, i ${GENERIC}, i 0)'
    ${EndIf}
    IntOp $3 $3 + 1
  ${Loop}
  System::Call 'advapi32::CredFree(p r1)'
FunctionEnd
