/* names.c -- the names of headers and methods, and the ids they stand for. */
#include "proxy/parse/message.h"

enum { NAME_MAX_BYTES = 25 };

struct name {
	struct slice text;
	enum header_id id;
};

#define SLICE_OF(literal)                                                      \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

/* In order of length; names of one length in order of how often they come. */
static const struct name names[] = {
	{SLICE_OF("To"), HEADER_TO},
	{SLICE_OF("Via"), HEADER_VIA},
	{SLICE_OF("From"), HEADER_FROM},
	{SLICE_OF("CSeq"), HEADER_CSEQ},
	{SLICE_OF("Date"), HEADER_DATE},
	{SLICE_OF("Path"), HEADER_PATH},
	{SLICE_OF("RAck"), HEADER_RACK},
	{SLICE_OF("RSeq"), HEADER_RSEQ},
	{SLICE_OF("Route"), HEADER_ROUTE},
	{SLICE_OF("Event"), HEADER_EVENT},
	{SLICE_OF("Allow"), HEADER_ALLOW},
	{SLICE_OF("Accept"), HEADER_ACCEPT},
	{SLICE_OF("Reason"), HEADER_REASON},
	{SLICE_OF("Call-ID"), HEADER_CALL_ID},
	{SLICE_OF("Contact"), HEADER_CONTACT},
	{SLICE_OF("Expires"), HEADER_EXPIRES},
	{SLICE_OF("Require"), HEADER_REQUIRE},
	{SLICE_OF("Subject"), HEADER_SUBJECT},
	{SLICE_OF("Warning"), HEADER_WARNING},
	{SLICE_OF("Refer-To"), HEADER_REFER_TO},
	{SLICE_OF("Supported"), HEADER_SUPPORTED},
	{SLICE_OF("Call-Info"), HEADER_CALL_INFO},
	{SLICE_OF("Timestamp"), HEADER_TIMESTAMP},
	{SLICE_OF("User-Agent"), HEADER_USER_AGENT},
	{SLICE_OF("Retry-After"), HEADER_RETRY_AFTER},
	{SLICE_OF("Unsupported"), HEADER_UNSUPPORTED},
	{SLICE_OF("Max-Forwards"), HEADER_MAX_FORWARDS},
	{SLICE_OF("Content-Type"), HEADER_CONTENT_TYPE},
	{SLICE_OF("Record-Route"), HEADER_RECORD_ROUTE},
	{SLICE_OF("MIME-Version"), HEADER_MIME_VERSION},
	{SLICE_OF("Authorization"), HEADER_AUTHORIZATION},
	{SLICE_OF("Proxy-Require"), HEADER_PROXY_REQUIRE},
	{SLICE_OF("Content-Length"), HEADER_CONTENT_LENGTH},
	{SLICE_OF("ms-text-format"), HEADER_MS_TEXT_FORMAT},
	{SLICE_OF("Content-Encoding"), HEADER_CONTENT_ENCODING},
	{SLICE_OF("WWW-Authenticate"), HEADER_WWW_AUTHENTICATE},
	{SLICE_OF("Proxy-Authenticate"), HEADER_PROXY_AUTHENTICATE},
	{SLICE_OF("Authentication-Info"), HEADER_AUTHENTICATION_INFO},
	{SLICE_OF("Content-Disposition"), HEADER_CONTENT_DISPOSITION},
	{SLICE_OF("Proxy-Authorization"), HEADER_PROXY_AUTHORIZATION},
	{SLICE_OF("Content-Transfer-Encoding"),
		HEADER_CONTENT_TRANSFER_ENCODING},
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

/* Where the names of each length begin in the table. */
static const unsigned char first_of_length[NAME_MAX_BYTES + 2] = {0, 0, 0, 1, 2,
	8, 11, 13, 19, 20, 23, 24, 26, 30, 32, 34, 34, 36, 36, 37, 40, 40, 40,
	40, 40, 40, 41};

static enum header_id id_of_letter(char letter)
{
	switch (letter | 0x20) {
	case 'c':
		return HEADER_CONTENT_TYPE;
	case 'e':
		return HEADER_CONTENT_ENCODING;
	case 'f':
		return HEADER_FROM;
	case 'i':
		return HEADER_CALL_ID;
	case 'k':
		return HEADER_SUPPORTED;
	case 'l':
		return HEADER_CONTENT_LENGTH;
	case 'm':
		return HEADER_CONTACT;
	case 'o':
		return HEADER_EVENT;
	case 'r':
		return HEADER_REFER_TO;
	case 's':
		return HEADER_SUBJECT;
	case 't':
		return HEADER_TO;
	case 'v':
		return HEADER_VIA;
	default:
		return HEADER_OTHER;
	}
}

enum header_id header_id_of(struct slice name)
{
	if (name.size == 1)
		return id_of_letter(name.at[0]);
	if (name.size > NAME_MAX_BYTES)
		return HEADER_OTHER;
	for (size_t i = first_of_length[name.size];
		i < first_of_length[name.size + 1]; i++)
		if (((names[i].text.at[0] ^ name.at[0]) & 0xdf) == 0 &&
			slice_equal_nocase(names[i].text, name))
			return names[i].id;
	return HEADER_OTHER;
}

struct slice header_name(enum header_id id)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].id == id)
			return names[i].text;
	return (struct slice){NULL, 0};
}

static const struct {
	struct slice text;
	enum method method;
} methods[] = {
	{SLICE_OF("MESSAGE"), METHOD_MESSAGE},
	{SLICE_OF("INVITE"), METHOD_INVITE},
	{SLICE_OF("ACK"), METHOD_ACK},
	{SLICE_OF("BYE"), METHOD_BYE},
	{SLICE_OF("CANCEL"), METHOD_CANCEL},
	{SLICE_OF("REGISTER"), METHOD_REGISTER},
	{SLICE_OF("OPTIONS"), METHOD_OPTIONS},
	{SLICE_OF("SUBSCRIBE"), METHOD_SUBSCRIBE},
	{SLICE_OF("NOTIFY"), METHOD_NOTIFY},
	{SLICE_OF("PUBLISH"), METHOD_PUBLISH},
	{SLICE_OF("SERVICE"), METHOD_SERVICE},
	{SLICE_OF("INFO"), METHOD_INFO},
	{SLICE_OF("UPDATE"), METHOD_UPDATE},
	{SLICE_OF("PRACK"), METHOD_PRACK},
	{SLICE_OF("REFER"), METHOD_REFER},
};

/* Methods differ by case (RFC 3261 7.1). */
enum method method_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (slice_equal(methods[i].text, name))
			return methods[i].method;
	return METHOD_OTHER;
}
