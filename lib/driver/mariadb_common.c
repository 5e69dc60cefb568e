#include "mariadb_common.h"

#include "plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cascade_status casc_mariadb_status(unsigned code) {
  switch (code) {
  case 1037: /* OUTOFMEMORY */
  case 1038: /* OUT_OF_SORTMEMORY */
  case 2008: /* CR_OUT_OF_MEMORY */ return CASCADE_NOMEM;
  case 1213: /* LOCK_DEADLOCK */
  case 1614: /* XA_RBDEADLOCK */
  case 3058: /* USER_LOCK_DEADLOCK */ return CASCADE_DEADLOCK;
  case 1205: /* LOCK_WAIT_TIMEOUT */
  case 1206: /* LOCK_TABLE_FULL */
  case 1615: /* NEED_REPREPARE, time after time */
  case 3572: /* LOCK_NOWAIT, of MySQL */ return CASCADE_BUSY;
  case 1020: /* CHECKREAD: the row has changed since it was read */
  case 1180: /* ERROR_DURING_COMMIT: refused by another node */
  case 1637: /* TOO_MANY_CONCURRENT_TRXS */
  case 3101: /* TRANSACTION_ROLLBACK_DURING_COMMIT, of MySQL */ return CASCADE_SERIALIZATION;
  case 1216: /* NO_REFERENCED_ROW */
  case 1217: /* ROW_IS_REFERENCED */
  case 1451: /* ROW_IS_REFERENCED_2 */
  case 1452: /* NO_REFERENCED_ROW_2 */
  case 1761: /* FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO */
  case 1762: return CASCADE_CONSTRAINT_FK;
  case 1022: /* DUP_KEY */
  case 1048: /* BAD_NULL */
  case 1062: /* DUP_ENTRY */
  case 1169: /* DUP_UNIQUE */
  case 1263: /* WARN_NULL_TO_NOTNULL */
  case 1364: /* NO_DEFAULT_FOR_FIELD */
  case 1557: /* FOREIGN_DUPLICATE_KEY */
  case 1586: /* DUP_ENTRY_WITH_KEY_NAME */
  case 1644: /* SIGNAL_EXCEPTION: a trigger says no */
  case 3819: /* CHECK_CONSTRAINT_VIOLATED, of MySQL */
  case 4025: /* CONSTRAINT_FAILED */ return CASCADE_CONSTRAINT;
  case 1317: /* QUERY_INTERRUPTED */ return CASCADE_CANCELLED;
  case 1969: /* STATEMENT_TIMEOUT */
  case 3024: /* QUERY_TIMEOUT, of MySQL */ return CASCADE_TIMEOUT;
  case 1044: /* DBACCESS_DENIED */
  case 1045: /* ACCESS_DENIED */
  case 1142: /* TABLEACCESS_DENIED */
  case 1143: /* COLUMNACCESS_DENIED */
  case 1227: /* SPECIFIC_ACCESS_DENIED */
  case 1370: /* PROCACCESS_DENIED */
  case 1449: /* NO_SUCH_USER: a trigger's definer */ return CASCADE_PRIVILEGE;
  case 1036: /* OPEN_AS_READONLY */
  case 1290: /* OPTION_PREVENTS_STATEMENT: --read-only */
  case 1792: /* CANT_EXECUTE_IN_READ_ONLY_TRANSACTION */
  case 1836: /* READ_ONLY_MODE */ return CASCADE_READONLY;
  case 1040: /* CON_COUNT */
  case 1047: /* UNKNOWN_COM: a node without its cluster */
  case 1053: /* SERVER_SHUTDOWN */
  case 1129: /* HOST_IS_BLOCKED */
  case 1152: /* ABORTING_CONNECTION */
  case 1158: /* NET_READ_ERROR and the like */
  case 1159:
  case 1160:
  case 1161:
  case 1184: /* NEW_ABORTING_CONNECTION */
  case 1203: /* TOO_MANY_USER_CONNECTIONS */
  case 1226: /* USER_LIMIT_REACHED */
  case 1927: /* CONNECTION_KILLED */
  case 3169: /* SESSION_WAS_KILLED, of MySQL */
  case 4031: /* CLIENT_INTERACTION_TIMEOUT, of MySQL */
  case 2002: /* the client library's */
  case 2003:
  case 2005:
  case 2006: /* CR_SERVER_GONE */
  case 2013: /* CR_SERVER_LOST */
  case 2014: /* CR_COMMANDS_OUT_OF_SYNC: nothing more can be asked */
  case 2026: /* CR_SSL_CONNECTION_ERROR */
  case 2027: /* CR_MALFORMED_PACKET */
  case 2055: /* CR_SERVER_LOST_EXTENDED */ return CASCADE_CONNECTION;
  case 1046: /* NO_DB */
  case 1049: /* BAD_DB */
  case 1051: /* BAD_TABLE */
  case 1052: /* NON_UNIQ: ambiguous */
  case 1054: /* BAD_FIELD */
  case 1064: /* PARSE */
  case 1065: /* EMPTY_QUERY */
  case 1066: /* NONUNIQ_TABLE */
  case 1072: /* KEY_COLUMN_DOES_NOT_EXITS */
  case 1103: /* WRONG_TABLE_NAME */
  case 1109: /* UNKNOWN_TABLE */
  case 1136: /* WRONG_VALUE_COUNT_ON_ROW */
  case 1146: /* NO_SUCH_TABLE */
  case 1149: /* SYNTAX */
  case 1166: /* WRONG_COLUMN_NAME */
  case 1176: /* KEY_DOES_NOT_EXIST */
  case 1222: /* WRONG_NUMBER_OF_COLUMNS_IN_SELECT */
  case 1241: /* OPERAND_COLUMNS */
  case 1412: /* TABLE_DEF_CHANGED */
  case 1630: /* FUNC_INEXISTENT_NAME_COLLISION */ return CASCADE_SCHEMA;
  default: return CASCADE_DATABASE;
  }
}

static const char *advice(cascade_status status) {
  switch (status) {
  case CASCADE_BUSY: return "; another session holds the lock: try again, or allow a longer lock timeout";
  case CASCADE_DEADLOCK: return "; the whole transaction was rolled back: try it again";
  case CASCADE_SERIALIZATION: return "; another session wrote in between: roll back and try again";
  case CASCADE_TIMEOUT: return "; allow it more time, or delete fewer rows at once";
  case CASCADE_READONLY: return "; use a server and a transaction that take writes";
  case CASCADE_PRIVILEGE: return "; have the privilege granted, or connect as another user";
  case CASCADE_CANCELLED: return "; another session has killed the statement";
  default: return "";
  }
}

void casc_mariadb_message(char *message, size_t size, cascade_status status, bool killed, const char *words) {
  if (status == CASCADE_CANCELLED && killed) snprintf(message, size, "cancelled at the caller's request");
  else snprintf(message, size, "MariaDB: %.800s%s", words, advice(status));
}

static bool begins_with(const char *sql, const char *word) {
  return casc_begins(sql + strspn(sql, " \t\r\n"), word);
}

int32_t casc_mariadb_transaction(bool alive, unsigned server_status, bool inside, unsigned code, const char *sql) {
  enum { SERVER_GONE = 2006 };
  if (alive && casc_mariadb_inside(server_status)) return CASCADE_TX_OPEN;
  /* The server undoes a transaction whose session is gone. Of a COMMIT, and of a change outside a transaction, nobody knows;
     unless the server was gone before it could be sent. */
  bool changes = begins_with(sql, "delete") || begins_with(sql, "update") || begins_with(sql, "insert");
  bool doubtful = begins_with(sql, "commit") || (!inside && changes);
  if (!alive && doubtful && code != SERVER_GONE) return CASCADE_TX_UNKNOWN;
  return inside ? CASCADE_TX_ROLLED_BACK : CASCADE_TX_NONE;
}

void casc_mariadb_settings(char sql[CASC_MARIADB_SETTINGS], uint32_t lock_timeout_ms) {
  enum { YEAR = 31536000 };                                                  /* more is refused */
  unsigned seconds = lock_timeout_ms / 1000 + (lock_timeout_ms % 1000 != 0); /* whole ones only; 0 would mean no waiting at all */
  if (seconds > YEAR) seconds = YEAR;
  snprintf(sql, CASC_MARIADB_SETTINGS,
           "SET SESSION innodb_lock_wait_timeout = %u, SESSION lock_wait_timeout = %u, SESSION autocommit = 1, "
           "SESSION foreign_key_checks = 1, SESSION sql_select_limit = 18446744073709551615, SESSION sql_safe_updates = 0, "
           "SESSION sql_big_selects = 1, SESSION completion_type = 0",
           seconds, seconds);
}

uint64_t casc_mariadb_flags(const char *version) {
  uint64_t flags =
      CASCADE_CAN_LOCK_ROWS | CASCADE_CAN_SAVEPOINT | CASCADE_CAN_DELETE_LIMIT | CASCADE_CAN_CANCEL | CASCADE_COMMITS_ALONE;
  char *dot;
  long major = strtol(version, &dot, 10), minor = *dot == '.' ? strtol(dot + 1, NULL, 10) : 0;
  bool mariadb = strstr(version, "MariaDB") != NULL;
  bool skips = mariadb ? major > 10 || (major == 10 && minor >= 6) : major >= 8;
  return skips ? flags | CASCADE_CAN_SKIP_LOCKED : flags;
}
