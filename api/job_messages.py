"""What is said to people about long work and the items of it, by code and language."""

from collections.abc import Mapping

from api.messages import FALLBACK, message

JOB_MESSAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "ASKER_GONE": "Who asked for it may not do all of it any more.",
        "BROKEN_CSV": "The file is no CSV: look at line {line}, perhaps a quote is missing.",
        "BROKEN_XLSX": "The workbook is damaged. {sheet}",
        "BROKEN_ZIP": "The file is damaged.",
        "CANNOT_CHANGE": "An import does not change this of what is there already.",
        "COLUMN_NOT_ALLOWED": "This column needs the right {scope}.",
        "DIFFERS_FROM_ROW": "This differs from row {first}, which is about the same object.",
        "DUPLICATE_COLUMN": "There are two columns of this name.",
        "DUPLICATE_ROW": "Row {first} is about the same object.",
        "DUPLICATE_SHEET": "There are two sheets of this name.",
        "FAULTY_FILE": "The file has faults; nothing of it was written.",
        "FILE_GONE": "The file has expired; send it again.",
        "FILE_TOO_LARGE": "There is more than one file may hold; export less at once.",
        "FORMULA": "This is a formula or an error; put its value there.",
        "INTERNAL": "Something went wrong on our side.",
        "KIND_MISSING": "Say what the CSV file has rows of.",
        "MISSING_COLUMN": "There is no column {field}, which objects are found by.",
        "NOT_THERE": "What it names is not there.",
        "NOT_UTF8": "Line {line} is not UTF-8. Save the file as “CSV UTF-8” or as a workbook.",
        "NO_COLUMN": "There is no heading above this value.",
        "NO_TABLES": "There is no table in the file.",
        "PLACE_NOT_ALLOWED": "These are beyond the part of the company that is yours.",
        "REQUIRED": "This must not be empty.",
        "SHEET_NOT_ALLOWED": "Changing these needs the right {scope}.",
        "SHEET_TOO_LONG": "A sheet has at most {maximum} rows; export less at once, or as CSV.",
        "BROKEN_STATEMENT": "This is no statement of that kind; look at line {line}.",
        "NO_AMOUNT": "Line {line} has no amount such as 1234.56.",
        "NO_DATE": "Line {line} has no date such as 2026-03-31 or 31.03.2026.",
        "STALE_VERSION": "Somebody changed it in the meantime.",
        "STOPPED": "Row {row} of {sheet} was refused; the rows before it are written.",
        "TOOK_TOO_LONG": "A part of it took longer than {minutes} minutes; try less at once.",
        "TOO_LARGE_INSIDE": "The file unpacks to more than {megabytes} MB.",
        "TOO_MANY_ATTEMPTS": "It failed again and again; ask us.",
        "TOO_MANY_COLUMNS": "A sheet has more than {maximum} columns.",
        "TOO_MANY_ROWS": "The file has more than {maximum} rows; split it.",
        "TOO_MANY_SHEETS": "The workbook has more than {maximum} sheets.",
        "UNKNOWN_COLUMN": "No such column is known; expected: {known}.",
        "UNKNOWN_PARENT": "{value}: there is none, neither in the company nor in this file.",
        "UNKNOWN_SHEET": "No such sheet is known; expected: {known}.",
    },
    "tr": {
        "ASKER_GONE": "İsteyen kişinin bunun için artık yetkisi yok.",
        "BROKEN_CSV": "Dosya CSV değil: {line}. satıra bakın, bir tırnak eksik olabilir.",
        "BROKEN_XLSX": "Çalışma kitabı bozuk. {sheet}",
        "BROKEN_ZIP": "Dosya bozuk.",
        "CANNOT_CHANGE": "İçe aktarma, var olan kaydın bu alanını değiştirmez.",
        "COLUMN_NOT_ALLOWED": "Bu sütun için {scope} yetkisi gerekir.",
        "DIFFERS_FROM_ROW": "Aynı kayıtla ilgili {first}. satırdan farklı.",
        "DUPLICATE_COLUMN": "Bu adda iki sütun var.",
        "DUPLICATE_ROW": "{first}. satır aynı kayıtla ilgili.",
        "DUPLICATE_SHEET": "Bu adda iki sayfa var.",
        "FAULTY_FILE": "Dosyada hatalar var; hiçbir şey yazılmadı.",
        "FILE_GONE": "Dosyanın süresi doldu; yeniden gönderin.",
        "FILE_TOO_LARGE": "Bir dosyanın alabileceğinden fazlası var; daha azını dışa aktarın.",
        "FORMULA": "Bu bir formül ya da hata; yerine değerini yazın.",
        "INTERNAL": "Bizim tarafımızda bir sorun oldu.",
        "KIND_MISSING": "CSV dosyasında neyin satırları olduğunu belirtin.",
        "MISSING_COLUMN": "Kayıtların bulunduğu {field} sütunu yok.",
        "NOT_THERE": "Belirttiği kayıt yok.",
        "NOT_UTF8": "{line}. satır UTF-8 değil. Dosyayı “CSV UTF-8” ya da Excel olarak kaydedin.",
        "NO_COLUMN": "Bu değerin üstünde başlık yok.",
        "NO_TABLES": "Dosyada tablo yok.",
        "PLACE_NOT_ALLOWED": "Bunlar şirketin size ait bölümünün dışında.",
        "REQUIRED": "Bu boş olamaz.",
        "SHEET_NOT_ALLOWED": "Bunları değiştirmek için {scope} yetkisi gerekir.",
        "SHEET_TOO_LONG": "Bir sayfa en çok {maximum} satır alır; daha azını ya da CSV aktarın.",
        "BROKEN_STATEMENT": "Bu, o türden bir hesap özeti değil; {line}. satıra bakın.",
        "NO_AMOUNT": "{line}. satırda 1234,56 gibi bir tutar yok.",
        "NO_DATE": "{line}. satırda 2026-03-31 ya da 31.03.2026 gibi bir tarih yok.",
        "STALE_VERSION": "Bu kayıt bu arada değişti.",
        "STOPPED": "{sheet} sayfasının {row}. satırı reddedildi; önceki satırlar yazıldı.",
        "TOOK_TOO_LONG": "Bir bölümü {minutes} dakikadan uzun sürdü; daha azıyla deneyin.",
        "TOO_LARGE_INSIDE": "Dosya açıldığında {megabytes} MB'den büyük.",
        "TOO_MANY_ATTEMPTS": "Tekrar tekrar başarısız oldu; bize sorun.",
        "TOO_MANY_COLUMNS": "Bir sayfada {maximum} sütundan fazlası var.",
        "TOO_MANY_ROWS": "Dosyada {maximum} satırdan fazlası var; bölün.",
        "TOO_MANY_SHEETS": "Çalışma kitabında {maximum} sayfadan fazlası var.",
        "UNKNOWN_COLUMN": "Böyle bir sütun bilinmiyor; beklenen: {known}.",
        "UNKNOWN_PARENT": "{value}: ne şirkette ne de bu dosyada var.",
        "UNKNOWN_SHEET": "Böyle bir sayfa bilinmiyor; beklenen: {known}.",
    },
}


def job_message(code: str, *, locale: str, facts: Mapping[str, object]) -> str:
    """Return the message in the language of `locale` (`tr` or `tr-TR`), else in English."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    known = JOB_MESSAGES.get(language, JOB_MESSAGES[FALLBACK]).get(code)
    if known is None:
        return message(code, locale=locale, facts=facts)
    return known.format_map(facts).strip()
