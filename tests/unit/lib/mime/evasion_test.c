/* evasion_test.c -- a forbidden word in every disguise that some reader undoes
 * is seen, a virus in every kind of part is scanned, and what readers take in
 * two ways is refused. */
#include "tests/unit/lib/mime/judging.h"

#include <stdio.h>
#include <zlib.h>

#define EICAR                                                                  \
	"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+"  \
	"H*"
#define EICAR64                                                                \
	"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFO\r\n"     \
	"VElWSVJVUy1URVNULUZJTEUhJEgrSCo=\r\n"
#define BYTES(literal) .bytes = {(literal), sizeof(literal) - 1}
#define HEAD "--b\r\n"
#define TAIL "\r\n--b--\r\n"
#define MIXED "multipart/mixed;boundary=b"

/* How a body is handed in; type, transfer, content and disposition may be
 * NULL. */
struct sample {
	const char *name;
	const char *type;
	const char *transfer;
	struct slice bytes;
	const char *content;
	const char *disposition;
};

static bool judge(struct judging *judging, const struct sample *sample)
{
	const struct judged_body body = {
		.bytes = sample->bytes,
		.content_type = slice_of(sample->type),
		.transfer_encoding = slice_of(sample->transfer),
		.content_encoding = slice_of(sample->content),
		.disposition = slice_of(sample->disposition),
		.place = SLICE("body"),
	};

	judging_start(judging);
	return judged_add_body(&judging->list, &body, &judging->fault);
}

static const struct sample seen[] = {
	{"as it is", "text/plain", NULL, BYTES("the falcon flies")},
	{"without a type", NULL, NULL, BYTES("falcon")},
	{"in capitals", "TEXT/Plain; CHARSET=UTF-8", NULL, BYTES("FALCON")},
	{"charset in quotes", "text/plain;charset=\"utf-8\"", NULL,
		BYTES("falcon")},
	{"empty parameter", "text/plain;;charset=utf-8;", NULL,
		BYTES("falcon")},

	/* transfer encodings */
	{"7bit", "text/plain", "7bit", BYTES("falcon")},
	{"base64", "text/plain", "base64", BYTES("ZmFsY29u")},
	{"base64 in capitals", "text/plain", "BASE64", BYTES("ZmFsY29u")},
	{"base64 in lines", "text/plain", "base64",
		BYTES("Zm\r\nFsY2\r\n9u\r\n")},
	{"base64 with padding", "text/plain", "base64", BYTES("YSBmYWxjb24=")},
	{"base64 of UTF-16", "text/plain;charset=utf-16le", "base64",
		BYTES("ZgBhAGwAYwBvAG4A")},
	{"word within the base64 itself, at the top", "text/plain", "base64",
		BYTES("falconfalcon")},
	{"quoted-printable", "text/plain", "quoted-printable",
		BYTES("f=61l=63on")},
	{"soft break", "text/plain", "Quoted-Printable", BYTES("fal=\r\ncon")},
	{"soft break with blanks", "text/plain", "quoted-printable",
		BYTES("fal= \t\r\ncon")},
	{"lower-case digits", "text/plain", "quoted-printable",
		BYTES("=66alco=6e")},
	{"quoted-printable for one who knows none", "text/plain",
		"quoted-printable", BYTES("falcon=20=\r\n")},
	{"unknown transfer encoding", "text/plain", "x-what", BYTES("falcon")},

	/* character sets */
	{"UTF-8 with mark", "text/plain;charset=utf-8", NULL,
		BYTES("\xEF\xBB\xBF"
		      "falcon")},
	{"Latin-1", "text/plain;charset=iso-8859-1", NULL,
		BYTES("gr\xFC\xDF falcon")},
	{"windows-1252", "text/plain;charset=windows-1252", NULL,
		BYTES("\x93"
		      "falcon\x94")},
	{"UTF-16LE", "text/plain;charset=utf-16le", NULL,
		BYTES("f\0a\0l\0c\0o\0n\0")},
	{"UTF-16BE", "text/plain;charset=utf-16be", NULL,
		BYTES("\0f\0a\0l\0c\0o\0n")},
	{"UTF-16 with mark, little", "text/plain;charset=utf-16", NULL,
		BYTES("\xFF\xFE"
		      "f\0a\0l\0c\0o\0n\0")},
	{"UTF-16 with mark, big", "text/plain;charset=utf-16", NULL,
		BYTES("\xFE\xFF\0f\0a\0l\0c\0o\0n")},
	{"UTF-16 without mark, little", "text/plain;charset=utf-16", NULL,
		BYTES("f\0a\0l\0c\0o\0n\0")},
	{"UTF-16 without mark, big", "text/plain;charset=utf-16", NULL,
		BYTES("\0f\0a\0l\0c\0o\0n")},
	{"UTF-16 undeclared, with mark", "text/plain", NULL,
		BYTES("\xFF\xFE"
		      "f\0a\0l\0c\0o\0n\0")},
	{"UTF-16 undeclared, by its NULs", "text/plain", NULL,
		BYTES("f\0a\0l\0c\0o\0n\0")},
	{"UTF-16 called UTF-8", "text/plain;charset=utf-8", NULL,
		BYTES("\0f\0a\0l\0c\0o\0n")},
	{"UTF-16 in a stream of octets", "application/octet-stream", NULL,
		BYTES("f\0a\0l\0c\0o\0n\0")},
	{"UTF-32LE", "text/plain;charset=utf-32le", NULL,
		BYTES("f\0\0\0a\0\0\0l\0\0\0c\0\0\0o\0\0\0n\0\0\0")},
	{"UTF-32 with mark", "text/plain;charset=utf-32", NULL,
		BYTES("\0\0\xFE\xFF\0\0\0f\0\0\0a\0\0\0l\0\0\0c\0\0\0o\0\0\0"
		      "n")},
	{"UTF-7", "text/plain;charset=utf-7", NULL,
		BYTES("+AGYAYQBsAGMAbwBu-")},
	{"UTF-7 in part", "text/plain;charset=UTF-7", NULL,
		BYTES("fal+AGM-on")},
	{"Shift_JIS", "text/plain;charset=shift_jis", NULL,
		BYTES("\x83\x65\x83\x58 falcon")},
	{"GB18030", "text/plain;charset=gb18030", NULL,
		BYTES("\xC4\xE3 falcon")},
	{"ISO-2022-JP", "text/plain;charset=iso-2022-jp", NULL,
		BYTES("\033$B$3\033(Bfalcon")},
	{"EBCDIC", "text/plain;charset=ibm-037", NULL,
		BYTES("\x86\x81\x93\x83\x96\x95")},
	{"plain bytes called EBCDIC", "text/plain;charset=ibm-037", NULL,
		BYTES("falcon")},
	{"plain bytes called UTF-16", "text/plain;charset=utf-16", NULL,
		BYTES("falcon")},
	{"unknown character set", "text/plain;charset=x-falcon-9", NULL,
		BYTES("falcon")},
	{"UTF-8 called Latin-1", "text/plain;charset=iso-8859-1", NULL,
		BYTES("\xC3\xA9"
		      "falcon")},
	{"invalid byte within", "text/plain;charset=utf-8", NULL,
		BYTES("fal\xFF"
		      "con")},
	{"NUL within", "text/plain", NULL, BYTES("fal\0con")},
	{"NUL and an invalid byte", "text/plain", NULL,
		BYTES("\xFF"
		      "fal\0con")},
	{"control within", "text/plain", NULL,
		BYTES("\xFE"
		      "fal\x01"
		      "con")},
	{"overlong UTF-8", "text/plain", NULL,
		BYTES("f\xC1\xA1l\xE0\x81\xA3on")},
	{"invalid in Shift_JIS", "text/plain;charset=shift_jis", NULL,
		BYTES("fal\xFF"
		      "con")},
	{"text in Latin-1 as octets", "application/octet-stream", NULL,
		BYTES("gr\xFC\xDF falcon")},
	{"text called an image", "image/png", NULL, BYTES("falcon")},
	{"HTML that names its own character set", "text/html", NULL,
		BYTES("<meta charset=utf-7>fal+AGM-on")},
	{"XML that names its own character set", "application/xml", NULL,
		BYTES("<?xml version=\"1.0\" encoding=\"utf-7\"?>"
		      "<a>fal+AGM-on</a>")},

	/* markup */
	{"HTML", "text/html", NULL, BYTES("<p>falcon</p>")},
	{"comment within", "text/html", NULL, BYTES("fal<!-- x > y -->con")},
	{"short comment", "text/html", NULL, BYTES("fal<!-->con<!-- -->")},
	{"comment ended the other way", "text/html", NULL,
		BYTES("fal<!-- x --!>con")},
	{"tags within", "text/html", NULL, BYTES("f<b>al</b><i\n>con</i>")},
	{"bracket in an attribute", "text/html", NULL,
		BYTES("fal<b title=\"a>b\">con</b>")},
	{"script within", "text/html", NULL,
		BYTES("fal<script>if (a<b) x()</script>con")},
	{"processing instruction", "text/html", NULL, BYTES("fal<?x?>con")},
	{"decimal reference", "text/html", NULL, BYTES("f&#97;lcon")},
	{"hexadecimal reference", "text/html", NULL, BYTES("f&#x61;lcon")},
	{"reference without semicolon", "text/html", NULL, BYTES("f&#97lcon")},
	{"mathematical letters", "text/html", NULL,
		BYTES("&ffr;a&lscr;&copf;on")},
	{"reference in an attribute", "text/html", NULL,
		BYTES("<img alt='f&#97;lcon'>")},
	{"HTML called plain", "text/plain", NULL, BYTES("fal<b></b>con")},
	{"XML", "application/pidf+xml", NULL,
		BYTES("<?xml version=\"1.0\"?><note>f&#97;lcon</note>")},
	{"CDATA", "application/xml", NULL, BYTES("<a>fal<![CDATA[con]]></a>")},
	{"typing notice", "application/im-iscomposing+xml", NULL,
		BYTES("<isComposing><state>falcon</state></isComposing>")},
	{"receipt", "message/imdn+xml", NULL,
		BYTES("<imdn><message-id>falcon</message-id></imdn>")},
	{"JSON", "application/json", NULL, BYTES("{\"a\":\"f\\u0061lcon\"}")},
	{"form", "application/x-www-form-urlencoded", NULL,
		BYTES("a=f%61lcon")},
	{"rich text", "text/rtf", NULL, BYTES("{\\rtf1\\ansi fal\\b con}")},
	{"rich text, hexadecimal", "text/rtf", NULL,
		BYTES("{\\rtf1 f\\'61l\\'63on}")},
	{"rich text, Unicode", "text/rtf", NULL,
		BYTES("{\\rtf1\\uc1 f\\u97?lcon}")},
	{"rich text, hidden text", "text/rtf", NULL,
		BYTES("{\\rtf1 fal{\\v xx}con}")},
	{"rich text, destination", "text/rtf", NULL,
		BYTES("{\\rtf1 fal{\\*\\x y}con}")},
	{"rich text, line ends", "text/rtf", NULL,
		BYTES("{\\rtf1 fal\r\ncon}")},
	{"rich text as octets", "application/octet-stream", NULL,
		BYTES("{\\rtf1 fal\\'63on}")},

	/* containers */
	{"in a part", MIXED, NULL, BYTES(HEAD "\r\nfalcon" TAIL)},
	{"boundary in quotes", "multipart/mixed; boundary=\"b c\"", NULL,
		BYTES("--b c\r\n\r\nfalcon\r\n--b c--")},
	{"blanks behind the boundary", MIXED, NULL,
		BYTES("\r\n--b \t\r\n\r\nfalcon\r\n--b-- \r\n")},
	{"second part", MIXED, NULL,
		BYTES(HEAD
			"Content-Type: text/plain\r\n\r\nhello\r\n" HEAD
			"Content-Type: text/html\r\n\r\nfal<i></i>con" TAIL)},
	{"alternative", "multipart/alternative;boundary=b", NULL,
		BYTES(HEAD "\r\nhi\r\n" HEAD "\r\nfalcon" TAIL)},
	{"related", "multipart/related;boundary=b;type=\"text/html\"", NULL,
		BYTES(HEAD "\r\nfalcon" TAIL)},
	{"form data", "multipart/form-data;boundary=b", NULL,
		BYTES(HEAD "Content-Disposition: form-data;name=a\r\n\r\n"
			   "falcon" TAIL)},
	{"signed", "multipart/signed;boundary=b", NULL,
		BYTES(HEAD
			"Content-Type: text/plain\r\n\r\nfalcon\r\n" HEAD
			"Content-Type: application/pkcs7-signature\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\nAAEC" TAIL)},
	{"unheard-of multipart", "multipart/x-new;boundary=b", NULL,
		BYTES(HEAD "\r\nfalcon" TAIL)},
	{"base64 in a part", MIXED, NULL,
		BYTES(HEAD "content-transfer-encoding:"
			   "Base64\r\n\r\nZmFsY29u" TAIL)},
	{"folded header", MIXED, NULL,
		BYTES(HEAD "Content-Transfer-Encoding:\r\n base64\r\n\r\n"
			   "ZmFsY29u" TAIL)},
	{"folded parameter", MIXED, NULL,
		BYTES(HEAD "Content-Type: text/plain;\r\n\tcharset=utf-7\r\n"
			   "\r\nfal+AGM-on" TAIL)},
	{"part within part", "multipart/mixed;boundary=a", NULL,
		BYTES("--a\r\nContent-Type: " MIXED "\r\n\r\n" HEAD
		      "\r\nfalcon" TAIL "\r\n--a--")},
	{"mail", "message/rfc822", NULL, BYTES("Subject: hi\r\n\r\nfalcon")},
	{"subject of a mail", "message/rfc822", NULL,
		BYTES("Subject: =?utf-8?B?ZmFsY29u?=\r\n\r\nhi")},
	{"multipart in a mail", "message/rfc822", NULL,
		BYTES("MIME-Version: 1.0\r\nContent-Type: " MIXED
		      "\r\n\r\n" HEAD "\r\nfalcon" TAIL)},
	{"digest", "multipart/digest;boundary=b", NULL,
		BYTES(HEAD "\r\nSubject: falcon\r\n\r\nhi" TAIL)},
	{"CPIM", "message/cpim", NULL,
		BYTES("From: <im:a@x>\r\nTo: <im:b@x>\r\n\r\n"
		      "Content-Type: text/plain;charset=utf-7\r\n\r\n"
		      "fal+AGM-on")},
	{"sender of CPIM", "message/cpim", NULL,
		BYTES("From: Falcon <im:a@x>\r\n\r\n\r\nhi")},
	{"escapes of CPIM", "message/cpim", NULL,
		BYTES("Subject: f\\u0061lcon\r\n\r\n\r\nhi")},
	{"two subjects of CPIM", "message/cpim", NULL,
		BYTES("Subject: a\r\nSubject:;lang=fr falcon\r\n\r\n\r\nhi")},
	{"SIP in a body", "message/sip", NULL,
		BYTES("MESSAGE sip:b@x SIP/2.0\r\nc: text/plain\r\nl: 6\r\n"
		      "\r\nfalcon")},
	{"header of SIP in a body", "message/sip", NULL,
		BYTES("MESSAGE sip:b@x SIP/2.0\r\nSubject: falcon\r\n\r\n")},
	{"fragment", "message/sipfrag", NULL, BYTES("SIP/2.0 200 falcon")},
	{"fragment of headers", "message/sipfrag;version=2.0", NULL,
		BYTES("Subject: x\r\nRefer-To: <sip:a@x?body=f%61lcon>\r\n")},
	{"fragment without head", "message/sipfrag", NULL, BYTES("\r\nfalcon")},
	{"description of a part", MIXED, NULL,
		BYTES(HEAD "Content-Description: falcon\r\n\r\nhi" TAIL)},
	{"name of a header", MIXED, NULL,
		BYTES(HEAD "X-Falcon: 1\r\n\r\nhi" TAIL)},
	{"session description", "application/sdp", NULL,
		BYTES("v=0\r\ns=falcon\r\n")},
	{"session in Latin-1", "application/sdp", NULL,
		BYTES("v=0\r\na=charset:utf-7\r\ns=fal+AGM-on\r\n")},
	{"file of a session", "application/sdp", NULL,
		BYTES("v=0\r\na=file-selector:name:\"f%61lcon\"\r\n")},
	{"invitation", "text/x-msmsgsinvite", NULL,
		BYTES("Application-Name: File Transfer\r\n"
		      "Application-File: falcon.doc\r\n\r\n")},

	/* names and parameters */
	{"file name", "application/x-y", NULL, BYTES("x"), NULL,
		"attachment;filename=falcon.txt"},
	{"file name with quoted pairs", "application/x-y", NULL, BYTES("x"),
		NULL, "attachment; filename=\"f\\alc\\on.txt\""},
	{"file name of RFC 2231", "application/x-y", NULL, BYTES("x"), NULL,
		"attachment;filename*=utf-8''f%61lcon"},
	{"file name in sections", "application/x-y", NULL, BYTES("x"), NULL,
		"attachment;filename*1=con;filename*0=fal"},
	{"file name in mixed sections", "application/x-y", NULL, BYTES("x"),
		NULL,
		"attachment;filename*0*=utf-8'en'f%61l;filename*1=\"con\""},
	{"file name in UTF-16", "application/x-y", NULL, BYTES("x"), NULL,
		"attachment;filename*=utf-16be''%00f%00a%00l%00c%00o%00n"},
	{"file name of RFC 2047", "application/x-y", NULL, BYTES("x"), NULL,
		"attachment;filename=\"=?utf-8?Q?f=61lcon?=\""},
	{"two forms of a file name", "application/x-y", NULL, BYTES("x"), NULL,
		"attachment;filename=\"falcon\";filename*=utf-8''x"},
	{"name in the type", "application/x-y;name=\"falcon.exe\"", NULL,
		BYTES("x")},
	{"unknown parameter", "text/plain;x=falcon", NULL, BYTES("x")},
};

static void word_is_seen_in_every_disguise(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++) {
		struct judging judging;

		if (!judge(&judging, &seen[i]))
			fail_msg("%s: %s", seen[i].name, judging.fault.text);
		judging_check(&judging);
		if (!judging_sees(&judging, SLICE("falcon")))
			fail_msg("%s: not seen", seen[i].name);
		judging_end(&judging);
	}
}

/* Each way to hand in something that must be refused, with its status. */
static const struct {
	struct sample sample;
	unsigned status;
} refused[] = {
	{{"two boundaries", "multipart/mixed;boundary=a;boundary=b", NULL,
		 BYTES(HEAD "\r\nx" TAIL)},
		400},
	{{"boundary in sections", "multipart/mixed;boundary*0=b;boundary*1=c",
		 NULL, BYTES("--bc\r\n\r\nx\r\n--bc--")},
		400},
	{{"extended boundary", "multipart/mixed;boundary*=us-ascii''b", NULL,
		 BYTES(HEAD "\r\nx" TAIL)},
		400},
	{{"boundary in both forms",
		 "multipart/mixed;boundary=a;boundary*=us-ascii''b", NULL,
		 BYTES(HEAD "\r\nx" TAIL)},
		400},
	{{"boundary with quoted pairs", "multipart/mixed;boundary=\"\\b\"",
		 NULL, BYTES(HEAD "\r\nx" TAIL)},
		400},
	{{"boundary that wants quotes", "multipart/mixed;boundary=b=c", NULL,
		 BYTES("--b=c\r\n\r\nx\r\n--b=c--")},
		400},
	{{"no boundary", "multipart/mixed", NULL, BYTES(HEAD "\r\nx" TAIL)},
		400},
	{{"two character sets", "text/plain;charset=a;charset=b", NULL,
		 BYTES("x")},
		400},
	{{"charset in another form", "text/plain;charset*=''utf-8", NULL,
		 BYTES("x")},
		400},
	{{"comment in the type", "text/plain (x); charset=utf-8", NULL,
		 BYTES("x")},
		400},
	{{"type that is none", "text", NULL, BYTES("x")}, 400},
	{{"two types", "text/plain, text/html", NULL, BYTES("x")}, 400},
	{{"empty type", "", NULL, BYTES("x")}, 400},
	{{"open quote", "text/plain;charset=\"utf-8", NULL, BYTES("x")}, 400},
	{{"bytes behind a quote", "text/plain;charset=\"utf-8\"x", NULL,
		 BYTES("x")},
		400},
	{{"two file names", "text/plain", NULL, BYTES("x"), NULL,
		 "attachment;filename=a;filename=b"},
		400},
	{{"missing section", "text/plain", NULL, BYTES("x"), NULL,
		 "attachment;filename*0=a;filename*2=b"},
		400},
	{{"section twice", "text/plain", NULL, BYTES("x"), NULL,
		 "attachment;filename*0=a;filename*0=b"},
		400},
	{{"section with a zero in front", "text/plain", NULL, BYTES("x"), NULL,
		 "attachment;filename*00=a"},
		400},
	{{"file name in no such character set", "text/plain", NULL, BYTES("x"),
		 NULL, "attachment;filename*=x-none''a"},
		400},
	{{"unquoted blank", "text/plain", NULL, BYTES("x"), NULL,
		 "attachment;filename=a b.exe"},
		400},

	{{"no last boundary", MIXED, NULL, BYTES(HEAD "\r\nfalcon\r\n")}, 400},
	{{"last boundary without hyphens", MIXED, NULL,
		 BYTES(HEAD "\r\nx\r\n--b\r\n")},
		400},
	{{"no boundary at all", MIXED, NULL, BYTES("falcon")}, 400},
	{{"no part", MIXED, NULL, BYTES("--b--\r\n")}, 400},
	{{"preamble", MIXED, NULL, BYTES("falcon\r\n" HEAD "\r\nx" TAIL)}, 400},
	{{"epilogue", MIXED, NULL, BYTES(HEAD "\r\nx" TAIL "falcon")}, 400},
	{{"parts behind the end", MIXED, NULL,
		 BYTES(HEAD "\r\nx" TAIL HEAD "\r\nfalcon" TAIL)},
		400},
	{{"boundary and more", MIXED, NULL,
		 BYTES(HEAD "\r\nx\r\n--bc\r\n\r\nfalcon" TAIL)},
		400},
	{{"boundary behind a bare LF", MIXED, NULL,
		 BYTES(HEAD "\r\nx\n--b\r\n\r\nfalcon" TAIL)},
		400},
	{{"boundary behind a bare CR", MIXED, NULL,
		 BYTES(HEAD "\r\nx\r--b\r\n\r\nfalcon" TAIL)},
		400},
	{{"bare LF behind a boundary", MIXED, NULL,
		 BYTES("--b\n\r\nfalcon" TAIL)},
		400},
	{{"part without blank line", MIXED, NULL, BYTES(HEAD "falcon" TAIL)},
		400},
	{{"line that is no header", MIXED, NULL,
		 BYTES(HEAD "falcon\r\n\r\nx" TAIL)},
		400},
	{{"blank before the colon", MIXED, NULL,
		 BYTES(HEAD "Content-Type : text/html\r\n\r\nx" TAIL)},
		400},
	{{"bare LF in a head", MIXED, NULL,
		 BYTES(HEAD "A: b\nContent-Type: text/html\r\n\r\nx" TAIL)},
		400},
	{{"NUL in a head", MIXED, NULL, BYTES(HEAD "A: \0b\r\n\r\nx" TAIL)},
		400},
	{{"folding first", MIXED, NULL, BYTES(HEAD " A: b\r\n\r\nx" TAIL)},
		400},
	{{"folding with an empty line", MIXED, NULL,
		 BYTES(HEAD
			 "A: b\r\n \r\nContent-Type: text/html\r\n\r\nx" TAIL)},
		400},
	{{"two types of a part", MIXED, NULL,
		 BYTES(HEAD "Content-Type: text/plain\r\n"
			    "Content-Type: text/html\r\n\r\nx" TAIL)},
		400},
	{{"two transfer encodings of a part", MIXED, NULL,
		 BYTES(HEAD "Content-Transfer-Encoding: 7bit\r\n"
			    "content-transfer-encoding: base64\r\n\r\nx" TAIL)},
		400},
	{{"two dispositions of a part", MIXED, NULL,
		 BYTES(HEAD "Content-Disposition: inline\r\n"
			    "Content-Disposition: attachment\r\n\r\nx" TAIL)},
		400},
	{{"short name in a part", MIXED, NULL,
		 BYTES(HEAD "c: text/html\r\n\r\nx" TAIL)},
		400},
	{{"wrong length of a part", MIXED, NULL,
		 BYTES(HEAD "Content-Length: 1\r\n\r\nfalcon" TAIL)},
		400},
	{{"container in base64", MIXED, "base64", BYTES("LS1iLS0=")}, 400},
	{{"mail in quoted-printable", "message/rfc822", "quoted-printable",
		 BYTES("A: b\r\n\r\nx")},
		400},
	{{"content header in the outer head of CPIM", "message/cpim", NULL,
		 BYTES("From: a\r\nContent-Type: text/html\r\n\r\n\r\nx")},
		400},
	{{"CPIM without content", "message/cpim", NULL, BYTES("From: a\r\n")},
		400},
	{{"two types in SIP, one short", "message/sip", NULL,
		 BYTES("c: text/plain\r\nContent-Type: text/html\r\n\r\nx")},
		400},
	{{"wrong length in SIP", "message/sip", NULL,
		 BYTES("l: 2\r\n\r\nfalcon")},
		400},

	{{"base64 with junk", "text/plain", "base64", BYTES("ZmFs*Y29u")}, 400},
	{{"base64 without padding", "text/plain", "base64", BYTES("YQ")}, 400},
	{{"base64 with too much padding", "text/plain", "base64",
		 BYTES("YWI==")},
		400},
	{{"base64 behind its padding", "text/plain", "base64",
		 BYTES("YQ==ZmFsY29u")},
		400},
	{{"malformed quoted-printable", "text/plain", "quoted-printable",
		 BYTES("=6falcon=zz")},
		400},
	{{"bare CR as soft break", "text/plain", "quoted-printable",
		 BYTES("fal=\rcon")},
		400},
	{{"mark against the character set", "text/plain;charset=utf-8", NULL,
		 BYTES("\xFF\xFE"
		       "f\0a\0")},
		400},
	{{"mark of UTF-8 in Latin-1", "text/plain;charset=iso-8859-1", NULL,
		 BYTES("\xEF\xBB\xBF"
		       "falcon")},
		400},
	{{"mark the other way round", "text/plain;charset=utf-16le", NULL,
		 BYTES("\xFE\xFF\0f\0a")},
		400},
	{{"mark of UTF-32 in UTF-16", "text/plain;charset=utf-16", NULL,
		 BYTES("\xFF\xFE\0\0f\0\0\0")},
		400},
	{{"no gzip", "text/plain", NULL, BYTES("falcon"), "gzip"}, 400},
	{{"no deflate", "text/plain", NULL, BYTES("falcon"), "deflate"}, 400},
	{{"repeated name in an invitation", "text/x-msmsgsinvite", NULL,
		 BYTES("Application-File: a\r\napplication-file: b\r\n")},
		400},
	{{"short line in an invitation", "text/x-msmsgsinvite", NULL,
		 BYTES("A-B: a\r\n\r\nApplication-File: b\r\n")},
		400},
	{{"line without colon in an invitation", "text/x-msmsgsinvite", NULL,
		 BYTES("A-B: a\r\nfalcon\r\n")},
		400},
	{{"bare LF in an invitation", "text/x-msmsgsinvite", NULL,
		 BYTES("A-B: a\nC-D: b\r\n")},
		400},
	{{"folded line in an invitation", "text/x-msmsgsinvite", NULL,
		 BYTES("A-B: a\r\n c: b\r\n")},
		400},
};

static void what_is_read_in_two_ways_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		const struct sample *sample = &refused[i].sample;
		struct judging judging;

		if (judge(&judging, sample))
			fail_msg("%s: not refused", sample->name);
		assert_non_null(judging.fault.text);
		assert_non_null(judging.fault.place.at);
		if (judging.fault.status != refused[i].status)
			fail_msg("%s: %u, %s", sample->name,
				judging.fault.status, judging.fault.text);
		judging_end(&judging);
	}
}

static const struct sample unseen[] = {
	{"envelope", "application/pkcs7-mime;smime-type=enveloped-data",
		"base64", BYTES("MAA=")},
	{"old envelope", "application/x-pkcs7-mime", NULL, BYTES("\x30\x00")},
	{"encrypted", "multipart/encrypted;boundary=b", NULL,
		BYTES(HEAD "\r\nx" TAIL)},
	{"PGP", "application/pgp-encrypted", NULL, BYTES("Version: 1")},
	{"PGP within a text", "text/plain", NULL,
		BYTES("hi\r\n-----BEGIN PGP MESSAGE-----\r\n")},
	{"OTR", "text/plain", NULL, BYTES("?OTR:AAMD.")},
	{"piece", "message/partial;id=a;number=1", NULL, BYTES("x")},
	{"elsewhere", "message/external-body;access-type=URL", NULL,
		BYTES("Content-Type: text/plain\r\n\r\n")},
	{"elsewhere, with no bytes", "message/external-body", NULL, BYTES("")},
	{"SigComp", "application/sigcomp", NULL, BYTES("\xF8")},
	{"x-base64", "text/plain", "x-base64", BYTES("ZmFsY29u")},
	{"x-uuencode", "text/plain", "x-uuencode", BYTES("begin 644 a\r\n")},
	{"encoding with a comment", "text/plain", "base64 (x)",
		BYTES("ZmFsY29u")},
	{"brotli", "text/plain", NULL, BYTES("\x0b\x02\x80"), "br"},
	{"brotli under gzip", "text/plain", NULL, BYTES("x"), "gzip, br"},
	{"character set", "text/plain;charset=x-falcon-9", NULL, BYTES("x")},
	{"character set of its own", "text/html", NULL,
		BYTES("<meta charset='x-falcon-9'>x")},
	{"entities of its own", "application/xml", NULL,
		BYTES("<!DOCTYPE a [<!ENTITY f \"fal\">]><a>&f;con</a>")},
	{"piece within a part", MIXED, NULL,
		BYTES(HEAD "Content-Type: message/partial\r\n\r\nx" TAIL)},
	{"session of MSRP", "application/sdp", NULL,
		BYTES("v=0\r\nm=message 2855 TCP/MSRP *\r\n")},
	{"data channel", "application/sdp", NULL,
		BYTES("v=0\r\nm=application 9 UDP/DTLS/SCTP 5000\r\n")},
	{"pieces of a file", "multipart/byteranges;boundary=b", NULL,
		BYTES(HEAD "\r\nx" TAIL)},
};

static void what_cannot_be_looked_into_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unseen) / sizeof(*unseen); i++) {
		struct judging judging;

		if (!judge(&judging, &unseen[i]))
			fail_msg("%s: %s", unseen[i].name, judging.fault.text);
		judging_check(&judging);
		if (!judging_unseen(&judging))
			fail_msg("%s: seen", unseen[i].name);
		judging_end(&judging);
	}
}

static const struct sample clear[] = {
	{"text", "text/plain;charset=utf-8;msgr=WAAtAE0A", NULL,
		BYTES("falcon")},
	{"call", "application/sdp", NULL,
		BYTES("v=0\r\ns=-\r\nm=audio 4000 RTP/AVP 0\r\n"
		      "m=video 4002 RTP/AVP 96\r\n")},
	{"session of messages in SIP", "application/sdp", NULL,
		BYTES("v=0\r\nm=x-ms-message 5060 sip null\r\n")},
	{"medium turned down", "application/sdp", NULL,
		BYTES("v=0\r\nm=message 0 TCP/MSRP *\r\n")},
	{"signed", "multipart/signed;boundary=b", NULL,
		BYTES(HEAD "\r\nhi\r\n" HEAD
			   "Content-Type: application/pkcs7-signature\r\n\r\n"
			   "\x30\x00" TAIL)},
};

static void what_can_be_looked_into_is_not_called_unseen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clear) / sizeof(*clear); i++) {
		struct judging judging;

		if (!judge(&judging, &clear[i]))
			fail_msg("%s: %s", clear[i].name, judging.fault.text);
		if (judging_unseen(&judging))
			fail_msg("%s: %s", clear[i].name,
				judging_unseen(&judging));
		judging_end(&judging);
	}
}

static const struct sample viruses[] = {
	{"plain text", "text/plain", NULL, BYTES(EICAR)},
	{"within a text", "text/plain", NULL, BYTES("look:\r\n " EICAR "\r\n")},
	{"without a type", NULL, NULL, BYTES(EICAR)},
	{"HTML", "text/html", NULL, BYTES("<p>" EICAR "</p>")},
	{"presence", "application/pidf+xml", NULL, BYTES(EICAR)},
	{"session description", "application/sdp", NULL, BYTES(EICAR)},
	{"attachment", "application/octet-stream", NULL, BYTES(EICAR), NULL,
		"attachment;filename=a.com"},
	{"invitation", "text/x-msmsgsinvite", NULL, BYTES("A-B: " EICAR)},
	{"base64", "text/plain", "base64", BYTES(EICAR64)},
	{"quoted-printable", "text/plain", "quoted-printable",
		BYTES("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS"
		      "-TEST-=\r\nFILE!$H+H*")},
	{"unknown transfer encoding", "text/plain", "x-what", BYTES(EICAR)},
	{"unknown character set", "text/plain;charset=x-falcon-9", NULL,
		BYTES(EICAR)},
	{"part", MIXED, NULL, BYTES(HEAD "\r\n" EICAR TAIL)},
	{"second part", MIXED, NULL,
		BYTES(HEAD "\r\nx\r\n" HEAD "\r\n" EICAR TAIL)},
	{"base64 in a part", MIXED, NULL,
		BYTES(HEAD "Content-Transfer-Encoding: base64\r\n\r\n" EICAR64
				TAIL)},
	{"part of a part", "multipart/mixed;boundary=a", NULL,
		BYTES("--a\r\nContent-Type: " MIXED "\r\n\r\n" HEAD
		      "\r\n" EICAR TAIL "\r\n--a--")},
	{"mail", "message/rfc822", NULL, BYTES("A: b\r\n\r\n" EICAR)},
	{"CPIM", "message/cpim", NULL,
		BYTES("From: a\r\n\r\nContent-Type: text/plain\r\n\r\n" EICAR)},
	{"SIP", "message/sip", NULL, BYTES("SIP/2.0 200 OK\r\n\r\n" EICAR)},
	{"piece", "message/partial", NULL, BYTES(EICAR)},
	{"encrypted", "multipart/encrypted;boundary=b", NULL,
		BYTES(HEAD "\r\n" EICAR TAIL)},
};

static void virus_is_scanned_in_every_kind_of_part(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(viruses) / sizeof(*viruses); i++) {
		struct judging judging;

		if (!judge(&judging, &viruses[i]))
			fail_msg("%s: %s", viruses[i].name, judging.fault.text);
		judging_check(&judging);
		if (!judging_scans_bytes(&judging, SLICE(EICAR)))
			fail_msg("%s: not scanned", viruses[i].name);
		judging_end(&judging);
	}
}

static const struct sample files[] = {
	{"program called text", "text/plain", NULL,
		BYTES("MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0")},
	{"program called text in UTF-8", "text/plain;charset=utf-8", NULL,
		BYTES("MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0")},
	{"ELF called a session", "application/sdp", NULL,
		BYTES("\x7F"
		      "ELF\x02\x01\x01\0")},
	{"archive called presence", "application/pidf+xml", NULL,
		BYTES("PK\x03\x04\x14\0")},
	{"document called text", "text/plain", NULL, BYTES("%PDF-1.4\r\n")},
	{"document behind a line", "text/plain", NULL,
		BYTES("hello\r\n%PDF-1.4\r\n")},
	{"rich text", "text/plain", NULL, BYTES("{\\rtf1 hi}")},
	{"page", "text/plain", NULL, BYTES("hi <HTML><body>")},
	{"script", "text/plain", NULL, BYTES("#!/bin/sh\nrm -rf /\n")},
	{"base64 in a text", "text/plain", NULL, BYTES(EICAR64)},
	{"base64 in short lines", "text/plain", NULL,
		BYTES("WDVPIVAlQEFQWz\n RcUFpYNTQoUF\n pN0NDKTd9JE\n "
		      "VJQ0FSLVNUQ\n U5EQVJELUFO\n VElWSVJVUy1\n URVNULU")},
	{"uuencode", "text/plain", NULL, BYTES("begin 644 a.exe\nM35J0\n")},
	{"mail in a text", "text/plain", NULL,
		BYTES("MIME-Version: 1.0\r\n\r\nx")},
	{"short text with a name", "text/plain", NULL, BYTES("hello"), NULL,
		"attachment;filename=a.txt"},
	{"data URL", "text/plain", NULL, BYTES("see data:text/html,x")},
};

static void file_is_scanned_whatever_it_is_called(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct judging judging;

		if (!judge(&judging, &files[i]))
			fail_msg("%s: %s", files[i].name, judging.fault.text);
		if (!judging_scans(&judging))
			fail_msg("%s: not scanned", files[i].name);
		judging_end(&judging);
	}
}

static const struct sample plain[] = {
	{"words", "text/plain", NULL, BYTES("see you at noon, won't you?\r\n")},
	{"words as octets", "application/octet-stream", NULL, BYTES("hello")},
	{"Unicode", "text/plain;charset=utf-8", NULL,
		BYTES("gr\xC3\xBC\xC3\x9F\x65 \xF0\x9F\x98\x80\r\n")},
	{"nothing", "application/octet-stream", NULL, BYTES("")},
	{"nothing, with a name", "application/octet-stream", NULL, BYTES(""),
		NULL, "attachment;filename=a"},
	{"two parts", MIXED, NULL,
		BYTES(HEAD "\r\nhello\r\n" HEAD "\r\nyou" TAIL)},
	{"call", "application/sdp", NULL,
		BYTES("v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
		      "m=audio 4000 RTP/AVP 0\r\n")},
	{"typing", "application/im-iscomposing+xml", NULL,
		BYTES("<?xml version=\"1.0\"?><isComposing>"
		      "<state>active</state></isComposing>")},
};

static void short_plain_text_is_not_scanned(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		struct judging judging;

		if (!judge(&judging, &plain[i]))
			fail_msg("%s: %s", plain[i].name, judging.fault.text);
		if (judging_scans(&judging))
			fail_msg("%s: scanned", plain[i].name);
		judging_end(&judging);
	}
}

static void long_text_is_scanned(void **state)
{
	static char text[4097];
	struct sample sample = {
		"long", "text/plain", NULL, {text, sizeof(text)}, NULL, NULL};
	struct judging judging;

	(void)state;
	memset(text, '.', sizeof(text));
	assert_true(judge(&judging, &sample));
	assert_true(judging_scans(&judging));
	judging_end(&judging);
	sample.bytes.size = 4096;
	assert_true(judge(&judging, &sample));
	assert_false(judging_scans(&judging));
	judging_end(&judging);
}

/* Compresses in zlib's numbering of formats: 15 zlib, -15 bare, 31 gzip. */
static struct slice compress_as(struct slice bytes, int format)
{
	static unsigned char out[2][1 << 16];
	static unsigned turn;
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes.at,
		.avail_in = (uInt)bytes.size};

	turn = !turn;
	stream.next_out = out[turn];
	stream.avail_out = sizeof(out[turn]);
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, format, 8,
				 Z_DEFAULT_STRATEGY),
		Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	(void)deflateEnd(&stream);
	return slice_make(out[turn], stream.total_out);
}

static const struct {
	const char *names;
	int first;
	int second; /* 0: none */
} codings[] = {
	{"deflate", 15, 0},
	{"Deflate", -15, 0},
	{"gzip", 31, 0},
	{"x-gzip", 31, 0},
	{"GZIP , identity", 31, 0},
	{"deflate, gzip", 15, 31},
	{"gzip,gzip", 31, 31},
};

static void compressed_word_and_virus_are_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(codings) / sizeof(*codings); i++) {
		struct sample sample = {codings[i].names, "text/plain", NULL,
			BYTES("falcon " EICAR), codings[i].names, NULL};
		struct judging judging;

		sample.bytes = compress_as(sample.bytes, codings[i].first);
		if (codings[i].second)
			sample.bytes =
				compress_as(sample.bytes, codings[i].second);
		if (!judge(&judging, &sample))
			fail_msg("%s: %s", sample.name, judging.fault.text);
		judging_check(&judging);
		assert_true(judging_sees(&judging, SLICE("falcon")));
		assert_true(judging_scans_bytes(&judging, SLICE(EICAR)));
		assert_false(judging.list.entries[0].editable);
		judging_end(&judging);
	}
}

static void compressed_container_is_walked(void **state)
{
	const struct slice bytes = SLICE(HEAD "\r\nfalcon" TAIL);
	const struct sample sample = {
		"gzip", MIXED, NULL, compress_as(bytes, 31), "gzip", NULL};
	struct judging judging;

	(void)state;
	assert_true(judge(&judging, &sample));
	judging_check(&judging);
	assert_true(judging_sees(&judging, SLICE("falcon")));
	/* What could be edited is not in the message. */
	assert_false(judging.list.entries[0].editable);
	assert_ptr_equal(judging.list.entries[0].raw.at, sample.bytes.at);
	judging_end(&judging);
}

static void compression_cut_or_followed_by_bytes_is_refused(void **state)
{
	const struct slice whole = compress_as(SLICE("falcon"), 31);
	char twice[512];
	struct sample sample = {"cut", "text/plain", NULL, whole, "gzip", NULL};
	struct judging judging;

	(void)state;
	sample.bytes.size--;
	assert_false(judge(&judging, &sample));
	assert_int_equal(judging.fault.status, 400);
	judging_end(&judging);

	memcpy(twice, whole.at, whole.size);
	memcpy(twice + whole.size, whole.at, whole.size);
	sample.bytes = slice_make(twice, whole.size * 2);
	assert_false(judge(&judging, &sample));
	assert_int_equal(judging.fault.status, 400);
	judging_end(&judging);
}

static void bomb_is_refused(void **state)
{
	static char zeros[8 << 20];
	const struct sample sample = {"bomb", "text/plain", NULL,
		compress_as(slice_make(zeros, sizeof(zeros)), 31), "gzip",
		NULL};
	struct judging judging;

	(void)state;
	assert_false(judge(&judging, &sample));
	assert_int_equal(judging.fault.status, 413);
	/* It costs no memory either. */
	assert_true(arena_used(judging.arena) < 65536);
	judging_end(&judging);
}

static void limits_hold(void **state)
{
	static char text[1 << 16];
	size_t size = 0;
	struct sample sample = {"parts", MIXED, NULL, {text, 0}, NULL, NULL};
	struct judging judging;

	(void)state;
	for (unsigned i = 0; i < 201; i++)
		size += (size_t)snprintf(
			text + size, sizeof(text) - size, HEAD "\r\nx\r\n");
	size += (size_t)snprintf(text + size, sizeof(text) - size, "--b--");
	sample.bytes.size = size;
	assert_false(judge(&judging, &sample));
	assert_int_equal(judging.fault.status, 413);
	judging_end(&judging);

	for (size = 0; size < 9 * 40;)
		size += (size_t)snprintf(text + size, sizeof(text) - size,
			"Content-Type: message/rfc822\r\n\r\n");
	sample = (struct sample){
		"depth", "message/rfc822", NULL, {text, size}, NULL, NULL};
	assert_false(judge(&judging, &sample));
	assert_int_equal(judging.fault.status, 413);
	judging_end(&judging);
}

/* Headers and URIs, each as the proxy hands them in. */
enum { TEXT, URI, ADDRESS, MS_TEXT };

static const struct {
	int as;
	struct slice bytes;
} headers[] = {
	{TEXT, BYTES("falcon")},
	{TEXT, BYTES("=?utf-8?B?ZmFsY29u?=")},
	{TEXT, BYTES("=?UTF-8?b?ZmFsY29u?=")},
	{TEXT, BYTES("=?utf-8?Q?f=61l?= =?utf-8?Q?con?=")},
	{TEXT, BYTES("=?utf-8?B?ZmFs?= \t =?utf-8?Q?con?=")},
	{TEXT, BYTES("fal=?us-ascii*en?Q?con?=")},
	{TEXT, BYTES("\"=?iso-8859-1?Q?falc=6Fn?=\"")},
	{TEXT, BYTES("=?utf-7?Q?fal+AGM-on?=")},
	{TEXT, BYTES("=?utf-16be?B?AGYAYQBsAGMAbwBu?=")},
	{TEXT, BYTES("=?x-falcon-9?Q?falcon?=")},
	{TEXT, BYTES("=?utf-8?B?ZmFs*Y29u?=")},
	{TEXT, BYTES("\"f\\al\\con\" <sip:a@x>")},
	{TEXT, BYTES("<http://x/f%61l%63on>")},
	{TEXT, BYTES("fal\xFF"
		     "con")},
	{TEXT, BYTES("fal\0con")},
	{TEXT, BYTES("gr\xFC\xDF falcon")},
	{TEXT, BYTES("\"f\\al\\c\" =?utf-8?Q?falco=6e?=")},
	{URI, BYTES("sip:f%61lcon@x")},
	{URI, BYTES("sip:a@x;p=f%61lcon")},
	{URI, BYTES("sip:a@x?subject=f%61lcon")},
	{URI, BYTES("sips:a@x?a=b&body=f%61lcon")},
	{URI, BYTES("sip:a@x?Content-Transfer-Encoding=base64"
		    "&body=ZmFsY29u")},
	{URI, BYTES("sip:a@x?body=fal%3Cb%3E%3C/b%3Econ"
		    "&content-type=text%2fhtml")},
	{URI, BYTES("sip:a@x?body=--b%0d%0a%0d%0afalcon%0d%0a--b--"
		    "&c=multipart/mixed%3bboundary=b")},
	{URI, BYTES("sip:a@x?Subject=%3D?utf-8?B?ZmFsY29u?%3D")},
	{URI, BYTES("http://x/?q=f%61lcon")},
	{ADDRESS, BYTES("\"Falcon\" <sip:a@x>")},
	{ADDRESS, BYTES("\"f\\alcon\" <sip:a@x>")},
	{ADDRESS, BYTES("\"<\" <sip:b@x>, <sip:a@x?a=%3D?utf-8?B?ZmFsY29u?%3D"
			">;p=q")},
	{ADDRESS, BYTES("sip:a@x?body=fal%00con")},
	{MS_TEXT,
		BYTES("text/plain; charset=UTF-8;msgr=WAAt;ms-body=ZmFsY29u")},
	{MS_TEXT, BYTES("text/plain;charset=utf-7;ms-body=ZmFsK0FHTS1vbg==")},
	{MS_TEXT, BYTES("text/html;ms-body=\"ZmFsPGI+PC9iPmNvbg==\"")},
	{MS_TEXT, BYTES("text/plain;falcon=1")},
};

static bool judge_header(struct judging *judging, int as, struct slice bytes)
{
	const struct slice place = SLICE("header X");

	judging_start(judging);
	switch (as) {
	case URI:
		return judged_add_uri(
			&judging->list, place, bytes, &judging->fault);
	case ADDRESS:
		return judged_add_address(
			&judging->list, place, bytes, &judging->fault);
	case MS_TEXT:
		return judged_add_ms_text(
			&judging->list, place, bytes, &judging->fault);
	default:
		return judged_add_text(
			&judging->list, place, bytes, &judging->fault);
	}
}

static void word_is_seen_in_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct judging judging;

		if (!judge_header(&judging, headers[i].as, headers[i].bytes))
			fail_msg("%s: %s", headers[i].bytes.at,
				judging.fault.text);
		judging_check(&judging);
		if (!judging_sees(&judging, SLICE("falcon")))
			fail_msg("%s: not seen", headers[i].bytes.at);
		judging_end(&judging);
	}
}

static const struct {
	int as;
	struct slice bytes;
} headers_refused[] = {
	{URI, BYTES("sip:a@x?body=a&body=b")},
	{URI, BYTES("sip:a@x?body=a&c=text/plain&Content-Type=text/html")},
	{URI, BYTES("sip:a@x?body=a&content-type=text")},
	{MS_TEXT, BYTES("text/plain;ms-body=YQ==;ms-body=Yg==")},
	{MS_TEXT, BYTES("text/plain;ms-body=YQ")},
	{MS_TEXT, BYTES("text/plain;ms-body*=utf-8''YQ==")},
	{MS_TEXT, BYTES("text/x-msmsgsinvite;ms-body=ZmFsY29uDQo=")},
};

static void headers_read_in_two_ways_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0;
		i < sizeof(headers_refused) / sizeof(*headers_refused); i++) {
		struct judging judging;

		if (judge_header(&judging, headers_refused[i].as,
			    headers_refused[i].bytes))
			fail_msg(
				"%s: not refused", headers_refused[i].bytes.at);
		assert_int_equal(judging.fault.status, 400);
		judging_end(&judging);
	}
}

static void virus_in_a_header_is_scanned(void **state)
{
	struct judging judging;

	(void)state;
	assert_true(judge_header(&judging, MS_TEXT,
		SLICE("text/plain;ms-body=WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9J"
		      "EVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo"
		      "=")));
	assert_true(judging_scans_bytes(&judging, SLICE(EICAR)));
	judging_end(&judging);
	assert_true(judge_header(&judging, ADDRESS,
		SLICE("<sip:a@x?body=X5O!P%25@AP%5b4%5cPZX54(P%5e)7CC)7%7d$EICA"
		      "R-STANDARD-ANTIVIRUS-TEST-FILE!$H%2bH*>")));
	assert_true(judging_scans_bytes(&judging, SLICE(EICAR)));
	judging_end(&judging);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(word_is_seen_in_every_disguise),
		cmocka_unit_test(what_is_read_in_two_ways_is_refused),
		cmocka_unit_test(what_cannot_be_looked_into_is_said),
		cmocka_unit_test(what_can_be_looked_into_is_not_called_unseen),
		cmocka_unit_test(virus_is_scanned_in_every_kind_of_part),
		cmocka_unit_test(file_is_scanned_whatever_it_is_called),
		cmocka_unit_test(short_plain_text_is_not_scanned),
		cmocka_unit_test(long_text_is_scanned),
		cmocka_unit_test(compressed_word_and_virus_are_seen),
		cmocka_unit_test(compressed_container_is_walked),
		cmocka_unit_test(
			compression_cut_or_followed_by_bytes_is_refused),
		cmocka_unit_test(bomb_is_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(word_is_seen_in_headers),
		cmocka_unit_test(headers_read_in_two_ways_are_refused),
		cmocka_unit_test(virus_in_a_header_is_scanned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
