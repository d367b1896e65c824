; The start at login: the app's own entry, which it writes when that is switched on in its settings, as
;   C:\…\litellm-autosync.exe --hidden [--home "C:\…"]
; Only an entry that starts the app of $INSTDIR is touched: a portable copy may have written it.

; Pops a folder. $0: what follows the program in the entry, where it is one of that folder, else empty and $1 = 0.
!macro ReadLogin un
Function ${un}ReadLogin
  Pop $2
  StrCpy $2 "$2\${APP}"
  StrCpy $1 0
  ReadRegStr $0 HKCU "${RUN}" "${PRODUCT}"
  StrCpy $3 $0 1
  ${If} $3 == '"'
    StrCpy $2 '"$2"'
  ${EndIf}
  StrLen $3 $2
  StrCpy $4 $0 $3
  ${If} $4 == $2
    StrCpy $0 $0 "" $3
    StrCpy $1 1
  ${Else}
    StrCpy $0 ""
  ${EndIf}
  ClearErrors
FunctionEnd
!macroend

!insertmacro ReadLogin ""
!insertmacro ReadLogin "un."

; Pops the folder where the app was before.
Function MoveLogin
  Call ReadLogin
  ${If} $1 = 1
    WriteRegStr HKCU "${RUN}" "${PRODUCT}" '"$INSTDIR\${APP}"$0'
  ${EndIf}
FunctionEnd

; After an upgrade without questions the app is there as it was: in the tray.
Function StartAsAtLogin
  Push $INSTDIR
  Call ReadLogin
  ${If} $1 = 0
    StrCpy $0 " --hidden"
  ${EndIf}
  Exec '"$INSTDIR\${APP}"$0'
FunctionEnd

Function un.RemoveLogin
  Push $INSTDIR
  Call un.ReadLogin
  ${If} $1 = 1
    DeleteRegValue HKCU "${RUN}" "${PRODUCT}"
    DeleteRegValue HKCU "${APPROVED}" "${PRODUCT}" ; what the Task Manager remembers of it
  ${EndIf}
FunctionEnd
