; The Windows installer, for makensis 3.08 or later. `cargo xtask package windows` runs it, and gives it these names:
;   PRODUCT, PUBLISHER, VERSION (1.2.3), VERSION_4 (1.2.3.0), SIZE_KB, FILES (a folder with what is installed), ICON, OUT,
;   and, where a certificate is configured, SIGN (a command that signs the file that follows it).
;
; Why not Tauri's bundler: it fetches NSIS, plugins and their checksums from a forge's release pages while it runs, so it
; works neither without that network nor with a makensis that a distribution has built; it knows one program only, and no
; PATH. The macOS bundle is made by it (`cargo xtask package macos`).
;
; Per user, without an administrator. Command line, as NSIS has it, and ours:
;   setup.exe /S            without a question       /D=C:\path   another folder: last, and without quotation marks
;             /UPDATE         starts the app afterwards: it has ended itself for this
;             /PATH, /NOPATH  with autosync's folder on PATH, or without; an upgrade keeps what was chosen before
;   uninstall.exe /S        without a question; settings, history and keys stay
;                 /DATA     removes them too: of the home that is taken by itself, not of one that --home names
; Exit codes: 0 done; 1 cancelled; 2 failed; 4 a program runs that did not end when it was asked to. Nothing was changed then.
;
; 64 bits, as the programs are: it also means that no part of Windows is seen through the eyes of WOW64.

Unicode true
Target amd64-unicode
ManifestDPIAware true
ManifestLongPathAware true
RequestExecutionLevel user
SetCompressor /SOLID lzma
SetCompressorDictSize 64 ; the second program is within reach of the first, and is largely the same
SetDateSave off ; the times of the files here are those of a build

!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh

!define APP "litellm-autosync.exe"
!define APP_ID "dev.litellm-autosync.app"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\litellm-autosync"
!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define STILL_RUNNING 4

Name "${PRODUCT}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${PRODUCT}"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
BrandingText "${PRODUCT} ${VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow
VIProductVersion "${VERSION_4}"
VIAddVersionKey ProductName "${PRODUCT}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "${PRODUCT} Setup"
VIAddVersionKey CompanyName "${PUBLISHER}"
VIAddVersionKey LegalCopyright "MIT License"
!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"'
!endif

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\${APP}"
!define MUI_FINISHPAGE_NOAUTOCLOSE
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English

Var WasRunning ; 1 where the app was asked to end

!include running.nsh
!include path.nsh
!include shortcut.nsh
!include login.nsh
!include data.nsh

Section "!${PRODUCT}" AppSection
  SectionIn RO
  Call EndRunning
  Call RemoveElsewhere
  ClearErrors
  SetOutPath "$INSTDIR"
  File "${FILES}\${APP}"
  File "${FILES}\WebView2Loader.dll"
  File "${FILES}\LICENSE.txt"
  File "${FILES}\third-party-notices.txt"
  SetOutPath "$INSTDIR\bin" ; a folder of its own: what is on PATH is this program alone
  File "${FILES}\autosync.exe"
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  ${If} ${Errors}
    MessageBox MB_ICONSTOP "Not every file could be written to $INSTDIR. Check that you may write there, then run this again." /SD IDOK
    SetErrorLevel 2
    Quit
  ${EndIf}
  Call WriteShortcut

  WriteRegStr HKCU "${UNINSTALL}" DisplayName "${PRODUCT}"
  WriteRegStr HKCU "${UNINSTALL}" DisplayVersion "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" DisplayIcon "$INSTDIR\${APP}"
  WriteRegStr HKCU "${UNINSTALL}" Publisher "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL}" InstallLocation "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" UninstallString '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" QuietUninstallString '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" EstimatedSize ${SIZE_KB}
  WriteRegDWORD HKCU "${UNINSTALL}" NoModify 1
  WriteRegDWORD HKCU "${UNINSTALL}" NoRepair 1
  WriteRegStr HKCU "Software\Classes\AppUserModelId\${APP_ID}" DisplayName "${PRODUCT}"
SectionEnd

Section "autosync on PATH, for terminals" PathSection
SectionEnd

; After the section above, whose box it obeys also where it is not ticked.
Section "-path"
  ${If} ${SectionIsSelected} ${PathSection}
    Push add
    WriteRegDWORD HKCU "${UNINSTALL}" OnPath 1
  ${Else}
    Push remove
    WriteRegDWORD HKCU "${UNINSTALL}" OnPath 0
  ${EndIf}
  Call EditPath
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${AppSection} "The app in the tray, and autosync, the same engine for terminals."
  !insertmacro MUI_DESCRIPTION_TEXT ${PathSection} "Adds the folder of autosync.exe to your PATH, so that a new terminal finds it by its name."
!insertmacro MUI_FUNCTION_DESCRIPTION_END

Function .onInit
  StrCpy $WasRunning 0
  ReadRegDWORD $0 HKCU "${UNINSTALL}" OnPath
  ${If} ${Errors}
    StrCpy $0 1
  ${EndIf}
  ${GetParameters} $1
  ClearErrors
  ${GetOptions} $1 "/PATH" $2
  ${IfNot} ${Errors}
    StrCpy $0 1
  ${EndIf}
  ClearErrors
  ${GetOptions} $1 "/NOPATH" $2
  ${IfNot} ${Errors}
    StrCpy $0 0
  ${EndIf}
  ${If} $0 = 0
    !insertmacro UnselectSection ${PathSection}
  ${EndIf}
  ClearErrors
FunctionEnd

; An older version in another folder goes, and leaves its data and what it said about the start at login.
Function RemoveElsewhere
  ReadRegStr $0 HKCU "${UNINSTALL}" InstallLocation
  ${If} $0 != ""
  ${AndIf} $0 != $INSTDIR
  ${AndIf} ${FileExists} "$0\uninstall.exe"
    ClearErrors
    ExecWait '"$0\uninstall.exe" /S /MOVE _?=$0' $1
    ${If} ${Errors}
    ${OrIf} $1 <> 0
      MessageBox MB_ICONSTOP "The version in $0 could not be removed. Uninstall it, then run this again." /SD IDOK
      SetErrorLevel 2
      Quit
    ${EndIf}
    Delete "$0\uninstall.exe"
    RMDir "$0"
    Push $0
    Call MoveLogin
  ${EndIf}
FunctionEnd

Function .onInstSuccess
  ${If} ${Silent}
    ; The app's own updater has ended it already, and says so (tauri-plugin-updater: /S /UPDATE /R).
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/UPDATE" $1
    ${IfNot} ${Errors}
      StrCpy $WasRunning 1
    ${EndIf}
    ${If} $WasRunning = 1
      Call StartAsAtLogin
    ${EndIf}
  ${Else}
    Call OfferWebView
  ${EndIf}
FunctionEnd

; WebView2 comes with Windows 11 and with updates of Windows 10. Without it tray and syncs work, and no window opens.
; Source of the keys: Microsoft, "Distribute your app and the WebView2 Runtime".
Function OfferWebView
  !define WEBVIEW "Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"
  ReadRegStr $0 HKLM "SOFTWARE\WOW6432Node\${WEBVIEW}" pv
  ReadRegStr $1 HKCU "Software\${WEBVIEW}" pv
  ${If} $0 == ""
  ${OrIf} $0 == "0.0.0.0"
    ${If} $1 == ""
    ${OrIf} $1 == "0.0.0.0"
      MessageBox MB_YESNO|MB_ICONINFORMATION "Microsoft's WebView2 Runtime is not on this computer. Without it ${PRODUCT} syncs and has its icon in the tray, but its window does not open.$\r$\n$\r$\nOpen Microsoft's download page?" IDNO done
      ExecShell open "https://developer.microsoft.com/microsoft-edge/webview2/#download"
    ${EndIf}
  ${EndIf}
  done:
FunctionEnd

Section Uninstall
  Call un.EndRunning
  Push remove
  Call un.EditPath
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/MOVE" $R1
  ${If} ${Errors}
    Call un.RemoveLogin
    DeleteRegKey HKCU "Software\Classes\AppUserModelId\${APP_ID}"
    DeleteRegKey HKCU "Software\Classes\litellm-autosync" ; the link that its toasts carry
    DeleteRegKey HKCU "${UNINSTALL}"
    Call un.RemoveData
  ${EndIf}
  Delete "$SMPROGRAMS\${PRODUCT}.lnk"
  Delete "$INSTDIR\${APP}"
  Delete "$INSTDIR\WebView2Loader.dll"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\third-party-notices.txt"
  Delete "$INSTDIR\bin\autosync.exe"
  ; The uninstaller goes on from a copy of itself, and the first one may still be ending: its file goes when it has.
  StrCpy $R0 0
  ${Do}
    Delete "$INSTDIR\uninstall.exe"
    ; Never with what is in them: the folder may be one that somebody chose and uses for other things.
    RMDir "$INSTDIR\bin"
    RMDir "$INSTDIR"
    ${IfNot} ${FileExists} "$INSTDIR\*.*"
    ${OrIf} $EXEDIR == $INSTDIR
      ${ExitDo}
    ${EndIf}
    Sleep 100
    IntOp $R0 $R0 + 1
  ${LoopUntil} $R0 >= 30
SectionEnd
