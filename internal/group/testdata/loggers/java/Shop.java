import java.util.Map;

/** Writes the same events with the logger named on the command line. */
public final class Shop {
    static final String ODD = "client said level=error \"gone\" to order für 注文"; // information, whatever it reads like
    static final String TWO_LINES = "first line\nsecond line";
    static final String TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";

    static String owner(Map<String, String> order) {
        return order.get("owner").trim();
    }

    static String load() {
        try {
            return owner(Map.of());
        } catch (NullPointerException cause) {
            throw new IllegalStateException("cannot load order 7", cause);
        }
    }

    static void viaSlf4j() {
        org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger(Shop.class);
        org.slf4j.MDC.put("trace_id", TRACE_ID);
        org.slf4j.MDC.put("service.version", "1.4.0");
        log.info("order {} taken", 7);
        log.warn("slow order");
        log.info(ODD);
        log.info(TWO_LINES);
        log.error("order lost: no owner");
        try {
            load();
        } catch (IllegalStateException e) {
            log.error("order lost", e);
        }
    }

    static void viaLog4j() {
        org.apache.logging.log4j.Logger log = org.apache.logging.log4j.LogManager.getLogger(Shop.class);
        org.apache.logging.log4j.ThreadContext.put("trace_id", TRACE_ID);
        org.apache.logging.log4j.ThreadContext.put("service.version", "1.4.0");
        log.info("order {} taken", 7);
        log.warn("slow order");
        log.info(ODD);
        log.info(TWO_LINES);
        log.error("order lost: no owner");
        try {
            load();
        } catch (IllegalStateException e) {
            log.error("order lost", e);
        }
    }

    static void viaJul() {
        java.util.logging.Logger log = java.util.logging.Logger.getLogger("shop");
        log.info("order taken");
        log.warning("slow order");
        log.info(ODD);
        log.info(TWO_LINES);
        try {
            load();
        } catch (IllegalStateException e) {
            log.log(java.util.logging.Level.SEVERE, "order lost", e);
        }
    }

    public static void main(String[] args) {
        switch (args[0]) {
            case "jul" -> viaJul();
            case "log4j" -> viaLog4j();
            default -> viaSlf4j();
        }
    }
}
