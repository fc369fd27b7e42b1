/* query_protocol.h -- what the command line (later the console) asks the store.
 *
 * Over lib/frame: one QUERY_REQUEST with a JSON object, answered by any number
 * of QUERY_ROW frames (a JSON object each) and then one QUERY_DONE, or by one
 * QUERY_ERROR {"error": sentence}. Requests:
 *   {"do":"search","query":TEXT,"limit":N,"before":NUMBER}
 *   {"do":"show","conversation":N}
 *   {"do":"verify"}         progress rows {"checked":N} may come between
 *   {"do":"stats"}
 * Who asks is taken from SO_PEERCRED, never from the request; each search,
 * show and verify is recorded before its first row is sent.
 */
#ifndef LIB_QUERY_PROTOCOL_H
#define LIB_QUERY_PROTOCOL_H

enum query_frame {
	QUERY_REQUEST = 1,
	QUERY_ROW = 2,
	QUERY_DONE = 3,
	QUERY_ERROR = 4
};

enum {
	QUERY_REQUEST_BYTES = 64 * 1024,
	QUERY_ROW_BYTES = 4 * 1024 * 1024,
	QUERY_QUEUE_BYTES = 32 * 1024 * 1024,
	QUERY_TEXT_BYTES = 8 * 1024 /* longest query */
};

#endif
