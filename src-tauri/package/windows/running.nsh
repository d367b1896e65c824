; Asks the app of $INSTDIR to end, and sees that neither program is in use.
;
; taskkill asks by WM_CLOSE, which an app without a window does not get. What Windows itself sends at the end of a session,
; and its Restart Manager before an update, is WM_ENDSESSION; the app ends on it as when it is quit in its menu: running
; syncs are let end, the ledger is closed. It listens with a window that is never shown, the one of its event loop (tao).

!define QUERY_AND_WAIT 0x101000 ; PROCESS_QUERY_LIMITED_INFORMATION, SYNCHRONIZE
!define ENDSESSION_CLOSEAPP 1
!define WAIT_MILLISECONDS 20000 ; the app lets syncs end for 8 s, and those at its door for 2 s

!macro EndRunning un
Function ${un}EndRunning
  again:
  StrCpy $0 0
  StrCpy $4 0
  ${Do}
    System::Call 'user32::FindWindowExW(p 0, p r0, w "Tao Thread Event Target", p 0) p .r0'
    ${If} $0 P= 0
      ${ExitDo}
    ${EndIf}
    System::Call 'user32::GetWindowThreadProcessId(p r0, *i .r1)'
    System::Call 'kernel32::OpenProcess(i ${QUERY_AND_WAIT}, i 0, i r1) p .r2'
    ${If} $2 P<> 0
      StrCpy $3 ""
      System::Call 'kernel32::QueryFullProcessImageNameW(p r2, i 0, w .r3, *i ${NSIS_MAX_STRLEN})'
      ${If} $3 == "$INSTDIR\${APP}"
        StrCpy $WasRunning 1
        DetailPrint "Asking ${PRODUCT} to end"
        System::Call 'user32::PostMessageW(p r0, i ${WM_ENDSESSION}, p 1, p ${ENDSESSION_CLOSEAPP})'
        System::Call 'kernel32::WaitForSingleObject(p r2, i ${WAIT_MILLISECONDS})'
        StrCpy $0 0 ; the window that was found is gone
      ${EndIf}
      System::Call 'kernel32::CloseHandle(p r2)'
    ${EndIf}
    IntOp $4 $4 + 1
  ${LoopUntil} $4 > 500 ; what does not end is told below

  ; A program that runs cannot be written.
  StrCpy $1 ""
  Push "$INSTDIR\bin\autosync.exe"
  Push "$INSTDIR\${APP}"
  StrCpy $2 0
  ${DoWhile} $2 < 2
    Pop $3
    ${If} ${FileExists} "$3"
      ClearErrors
      FileOpen $4 "$3" a
      ${If} ${Errors}
        StrCpy $1 "$3"
      ${Else}
        FileClose $4
      ${EndIf}
    ${EndIf}
    IntOp $2 $2 + 1
  ${Loop}
  ClearErrors
  ${If} $1 != ""
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$1 is running. End it (autosync in a terminal: Ctrl-C; the app: Quit in its menu), then try again." /SD IDCANCEL IDRETRY again
    SetErrorLevel ${STILL_RUNNING}
    Quit
  ${EndIf}
FunctionEnd
!macroend

!insertmacro EndRunning ""
!insertmacro EndRunning "un."
