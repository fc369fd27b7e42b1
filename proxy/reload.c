/* reload.c -- reads rules and users anew and gives them to the workers. */
#include "proxy/reload.h"

#include "lib/log.h"
#include "lib/settings/changed.h"
#include "lib/stats/names.h"
#include "policies/content/content.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKER_PATIENCE_MS = 10000 };

/* What was read, before it is in use. */
struct reload {
	struct proxy *proxy;
	struct control_reply *reply; /* NULL: nobody but the log hears */
	struct settings *settings;
	struct content_rules *rules;
	struct users *users;
	struct content_filter **filters; /* for each worker */
	size_t restarts;
	char sentence[512];
};

/* These are read anew; whatever else has changed needs a restart. */
static const char *const taken_anew[] = {
	"users", "stages.content-filter.rules"};

static void say_fault(struct reload *reload, const char *text)
{
	log_error("%s", text);
	if (reload->reply)
		(void)control_row(
			reload->reply, json_pack("{s:s}", "fault", text));
}

/* False, and the sentence says so, when there are faults. */
static bool without_faults(
	struct reload *reload, size_t count, const char *what)
{
	if (count)
		(void)snprintf(reload->sentence, sizeof(reload->sentence),
			"Nothing was changed: the %s ha%s %zu fault%s; mend "
			"%s and reload again.",
			what, strcmp(what, "content rules") == 0 ? "ve" : "s",
			count, count == 1 ? "" : "s",
			count == 1 ? "it" : "them");
	return count == 0;
}

static bool read_settings(struct reload *reload)
{
	struct settings_fault faults[SETTINGS_FAULTS];
	size_t count = settings_read(
		reload->proxy->settings->file, &reload->settings, faults);

	for (size_t i = 0; i < count && i < SETTINGS_FAULTS; i++)
		say_fault(reload, faults[i].text);
	return without_faults(reload, count, "configuration");
}

static bool read_rules(struct reload *reload)
{
	const char *path = reload->settings->content_filter.rules;
	struct content_fault *faults;
	size_t count;

	if (!path)
		return true;
	faults = calloc(CONTENT_FAULTS, sizeof(*faults));
	if (!faults)
		return false;
	count = content_rules_read(path, &reload->rules, faults);
	for (size_t i = 0; i < count && i < CONTENT_FAULTS; i++)
		say_fault(reload, faults[i].text);
	free(faults);
	return without_faults(reload, count, "content rules");
}

static bool read_users(struct reload *reload)
{
	struct settings_fault faults[SETTINGS_FAULTS];
	size_t count;

	if (!reload->settings->users)
		return true;
	count = users_read(reload->settings->users, &reload->users, faults);
	for (size_t i = 0; i < count && i < SETTINGS_FAULTS; i++)
		say_fault(reload, faults[i].text);
	return without_faults(reload, count, "users file");
}

/* Memory for the rules' work is taken now, so that no worker can fail to. */
static bool make_filters(struct reload *reload)
{
	unsigned count = reload->proxy->worker_count;

	reload->filters = calloc(count, sizeof(struct content_filter *));
	for (unsigned i = 0; reload->filters && i < count; i++) {
		reload->filters[i] = content_filter_new(reload->rules);
		if (!reload->filters[i])
			return false;
	}
	return reload->filters != NULL;
}

static void take(struct worker *worker, void *context)
{
	struct reload *reload = context;
	struct content_filter **fresh = &reload->filters[worker->index];
	struct content_filter *old = worker->filter;

	worker->filter = *fresh;
	*fresh = old;
	users_release(&worker->users);
	worker->users = reload->users ? users_hold(reload->users) : NULL;
}

/* All workers, one after the other. */
static bool give_out(struct reload *reload)
{
	struct proxy *proxy = reload->proxy;

	for (unsigned i = 0; i < proxy->worker_count; i++)
		if (!errand_do(&proxy->workers[i].errands, take, reload,
			    WORKER_PATIENCE_MS)) {
			(void)snprintf(reload->sentence,
				sizeof(reload->sentence),
				"Worker %u does not answer and keeps the old "
				"set, as do those behind it; reload again, and "
				"start the proxy anew if that does not help.",
				i);
			log_error("Rules and users are not in use everywhere "
				  "event=reload-partial worker=%u",
				i);
			return false;
		}
	return true;
}

static void keep(struct reload *reload)
{
	struct proxy *proxy = reload->proxy;
	struct content_rules *rules = proxy->rules;
	struct users *users = proxy->users;

	proxy->rules = reload->rules;
	proxy->users = reload->users;
	reload->rules = rules;
	reload->users = users;
}

static bool is_taken_anew(const char *name)
{
	for (size_t i = 0; i < sizeof(taken_anew) / sizeof(taken_anew[0]); i++)
		if (strcmp(taken_anew[i], name) == 0)
			return true;
	return false;
}

static void say_restarts(struct reload *reload)
{
	const char *names[SETTINGS_CHANGED];
	size_t count = settings_changed(
		reload->proxy->settings, reload->settings, names);

	for (size_t i = 0; i < count; i++) {
		if (is_taken_anew(names[i]))
			continue;
		reload->restarts++;
		log_warn("A setting has changed that needs a restart "
			 "event=restart-needed setting=%s",
			names[i]);
		if (reload->reply)
			(void)control_row(reload->reply,
				json_pack("{s:s}", "restart", names[i]));
	}
}

static const char *version_of(const struct content_rules *rules)
{
	return rules ? content_rules_version(rules) : "none";
}

static size_t count_of(const struct content_rules *rules)
{
	return rules ? content_rules_count(rules) : 0;
}

static bool run(struct reload *reload)
{
	(void)snprintf(reload->sentence, sizeof(reload->sentence),
		"Nothing was changed: memory is short.");
	if (!read_settings(reload) || !read_rules(reload) ||
		!read_users(reload) || !make_filters(reload))
		return false;
	if (!give_out(reload))
		return false;
	keep(reload);
	say_restarts(reload);
	return true;
}

static void release(struct reload *reload)
{
	for (unsigned i = 0; reload->filters && i < reload->proxy->worker_count;
		i++)
		content_filter_release(&reload->filters[i]);
	free(reload->filters);
	content_rules_release(&reload->rules);
	users_release(&reload->users);
	settings_release(&reload->settings);
}

static void tell(struct reload *reload)
{
	const struct proxy *proxy = reload->proxy;
	size_t users = proxy->users ? users_count(proxy->users) : 0;

	log_info("Rules and users are in use as read event=reloaded "
		 "rules=%zu version=%s users=%zu",
		count_of(proxy->rules), version_of(proxy->rules), users);
	if (reload->reply)
		control_done(reload->reply,
			json_pack("{s:I,s:s,s:I}", "rules",
				(json_int_t)count_of(proxy->rules), "version",
				version_of(proxy->rules), "users",
				(json_int_t)users));
}

static void reload_now(struct proxy *proxy, struct control_reply *reply)
{
	struct reload reload = {.proxy = proxy, .reply = reply};
	bool done;

	pthread_mutex_lock(&proxy->reloading);
	done = run(&reload);
	stats_add(proxy->stats, proxy->worker_count,
		done ? PROXY_RELOADS : PROXY_RELOADS_FAILED, 1);
	if (done) {
		tell(&reload);
	} else {
		log_error("Not reloaded: %s event=reload-failed",
			reload.sentence);
		if (reply)
			control_refuse(reply, "%s", reload.sentence);
	}
	release(&reload);
	pthread_mutex_unlock(&proxy->reloading);
}

void reload_answer(
	void *context, const json_t *request, struct control_reply *reply)
{
	(void)request;
	reload_now(context, reply);
}

void reload_asked(struct proxy *proxy)
{
	reload_now(proxy, NULL);
}
