; Puts $INSTDIR\bin onto the user's PATH, or takes it away: push "add" or "remove".
;
; A PATH is often longer than the strings that NSIS knows, which would cut it, so its text stays in the memory of Windows.
; The type of the value is kept: a REG_EXPAND_SZ has variables in it, which must go on meaning something. Everything else in
; it stays as it is, in its order.

!define HKCU_HANDLE -2147483647 ; 0x80000001, with its sign, as 64 bits want it
!define READ_AND_WRITE 0x3 ; KEY_QUERY_VALUE, KEY_SET_VALUE
!define EXPANDED 2 ; REG_EXPAND_SZ
!define STRING 1 ; REG_SZ

!macro EditPath un
Function ${un}EditPath
  Pop $R9
  StrCpy $R8 ";$INSTDIR\bin;"
  StrLen $R7 $R8
  System::Call 'advapi32::RegCreateKeyExW(p ${HKCU_HANDLE}, w "Environment", i 0, p 0, i 0, i ${READ_AND_WRITE}, p 0, *p .r0, p 0) i .r1'
  ${If} $1 <> 0
    Return
  ${EndIf}
  StrCpy $2 ${EXPANDED}
  StrCpy $3 0
  System::Call 'advapi32::RegQueryValueExW(p r0, w "Path", p 0, *i .r2, p 0, *i 0r3) i .r1'
  ${If} $1 <> 0
    StrCpy $2 ${EXPANDED} ; there is none yet
    StrCpy $3 0
  ${EndIf}
  ${If} $2 <> ${EXPANDED}
  ${AndIf} $2 <> ${STRING}
    Goto close
  ${EndIf}

  ; The text between two semicolons, so that each folder in it has one on both sides. The memory is zero, thus its end.
  IntOp $4 $R7 * 2
  IntOp $4 $4 + $3
  IntOp $4 $4 + 8
  System::Alloc $4
  Pop $5
  ${If} $5 P= 0
    Goto close
  ${EndIf}
  System::Call 'kernel32::lstrcpyW(p r5, w ";")'
  ${If} $3 > 0
    IntPtrOp $6 $5 + 2
    System::Call 'advapi32::RegQueryValueExW(p r0, w "Path", p 0, p 0, p r6, *i r3) i .r1'
    ${If} $1 <> 0
      Goto free
    ${EndIf}
  ${EndIf}
  System::Call 'kernel32::lstrlenW(p r5) i .r7'
  IntOp $8 $7 - 1
  IntOp $8 $8 * 2
  IntPtrOp $6 $5 + $8
  System::Call '*$6(&i2 .r8)'
  ${If} $8 <> 59 ; a semicolon
    System::Call 'kernel32::lstrcatW(p r5, w ";")'
  ${EndIf}

  System::Call 'shlwapi::StrStrIW(p r5, w R8) p .r6'
  ${If} $R9 == add
    ${If} $6 P<> 0
      Goto free ; it is there
    ${EndIf}
    StrCpy $8 $R8 "" 1
    System::Call 'kernel32::lstrcatW(p r5, w r8)'
  ${Else}
    ${If} $6 P= 0
      Goto free ; it is not there
    ${EndIf}
    ${DoWhile} $6 P<> 0
      ; What comes after it moves to where it begins, over all but one of its semicolons.
      IntOp $8 $R7 - 1
      IntOp $8 $8 * 2
      IntPtrOp $4 $6 + $8
      System::Call 'kernel32::lstrlenW(p r4) i .r8'
      IntOp $8 $8 + 1
      IntOp $8 $8 * 2
      System::Call 'kernel32::RtlMoveMemory(p r6, p r4, p r8)'
      System::Call 'shlwapi::StrStrIW(p r5, w R8) p .r6'
    ${Loop}
  ${EndIf}

  System::Call 'kernel32::lstrlenW(p r5) i .r7'
  ${If} $7 < 2
    System::Call 'advapi32::RegDeleteValueW(p r0, w "Path")' ; nothing but ours was in it
  ${Else}
    ; Without the two semicolons; the second becomes the end.
    IntOp $8 $7 - 1
    IntOp $8 $8 * 2
    IntPtrOp $6 $5 + $8
    System::Call '*$6(&i2 0)'
    IntPtrOp $6 $5 + 2
    System::Call 'advapi32::RegSetValueExW(p r0, w "Path", i 0, i r2, p r6, i r8) i .r1'
  ${EndIf}
  SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000

  free:
  System::Free $5
  close:
  System::Call 'advapi32::RegCloseKey(p r0)'
FunctionEnd
!macroend

!insertmacro EditPath ""
!insertmacro EditPath "un."
